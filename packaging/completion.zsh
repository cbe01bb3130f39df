#compdef lmq
# Completion for zsh: commands and options with what the program's own help says of them, and files.

_lmq() {
  local help options word value
  local -a command list
  local program=${(Q)words[1]/#\~\//$HOME/}
  help=$("$program" --help 2>/dev/null) || return 1

  # Lines `name:what it is` of the commands in the help, or of the options there and in that of the outer command.
  _lmq_list() {
    local text=$help
    [[ $1 == commands ]] || text=$options
    print -r -- "$text" | awk -v commands="$1" '
      /^[A-Z][A-Za-z ]*:$/ { group = $0; next }
      /^  [^ ]/ && (commands == "commands" ? group == "Commands:" : $1 ~ /^-/) {
        name = $1
        sub(/^.*,/, "", name)
        if (seen[name]++) next
        about = length($0) > 30 ? substr($0, 31) : ""
        sub(/^ */, "", about)
        print name ":" about
      }'
  }
  # What stands for an option's value; nothing for a switch.
  _lmq_value() {
    print -r -- "$options" | awk -v option="$1" '$1 == option && match($0, /^  [^ ]+ [^ ]/) { print $2; exit }'
  }

  for word in "${(@)words[2,CURRENT-1]}"; do
    list=("${(@f)$(_lmq_list commands)}")
    [[ -n $word && -n ${(M)list:#$word:*} ]] || continue
    command+=("$word")
    help=$("$program" $command --help 2>/dev/null) || return 1
    # What a command takes stands behind its inner commands as well: `lmq props get jobs --url URL`.
    options=$help$'\n'$options
  done
  : ${options:=$help}

  [[ $words[CURRENT-1] != -* ]] || value=$(_lmq_value "$words[CURRENT-1]")
  case $value in
    FILE) _files; return ;;
    DIR | NEWDIR) _files -/; return ;;
    LEVEL) compadd debug info warn error off; return ;;
    FORMAT) compadd text json; return ;;
    ?*) _message "$value"; return ;;
  esac
  if [[ $words[CURRENT] != -* ]]; then
    list=("${(@f)$(_lmq_list commands)}")
    if [[ -n $list[1] ]]; then
      _describe command list
      return
    fi
    case $command in
      backup | restore) _files -/; return ;;
      'rules set') _files; return ;;
    esac
  fi
  list=("${(@f)$(_lmq_list options)}")
  _describe option list
}

_lmq "$@"
