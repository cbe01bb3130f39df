# shellcheck shell=bash
# Completion for bash: commands, options, and the files that options take. It asks the program's own help, so that
# it knows what the program knows. For lmq by itself: source this file.

# Help text on standard input; "words" of a kind on standard output, one a line:
#   commands          those that it lists
#   options           those that it lists, in their long form
#   value OPTION      what stands for the option's value: FILE, N, …; nothing for a switch
#   positional        what stands for the first word
_lmq_from_help() {
  awk -v kind="$1" -v option="${2-}" '
    /^[A-Z][A-Za-z ]*:$/ { group = $0; next }
    !/^  [^ ]/ { next }
    group == "Commands:" { if (kind == "commands") print $1; next }
    group == "Words:" { if (kind == "positional" && !told++) print $1; next }
    $1 ~ /^-/ {
      name = $1
      sub(/^.*,/, "", name)
      if (seen[name]++) next
      if (kind == "options") print name
      if (kind == "value" && name == option && match($0, /^  [^ ]+ [^ ]/)) print $2
    }'
}

_lmq() {
  local program=$1 current=$2 previous=$3 word help options= value=
  local -a command=()
  COMPREPLY=()
  [[ $program != '~/'* ]] || program=$HOME/${program#'~/'}
  help=$("$program" --help 2>/dev/null) || return 0
  # The words before this one, as far as they name commands.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    _lmq_from_help commands <<<"$help" | grep -qxF -e "$word" || continue
    command+=("$word")
    help=$("$program" "${command[@]}" --help 2>/dev/null) || return 0
    # What a command takes stands behind its inner commands as well: `lmq props get jobs --url URL`.
    options=$help$'\n'$options
  done
  : "${options:=$help}"

  if [[ $previous == -* ]]; then
    value=$(_lmq_from_help value "$previous" <<<"$options")
  elif [[ $current != -* ]]; then
    value=$(_lmq_from_help positional <<<"$help")
  fi
  case $value in
    FILE)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    DIR | NEWDIR | FROM)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
    LEVEL)
      mapfile -t COMPREPLY < <(compgen -W 'debug info warn error off' -- "$current")
      return
      ;;
    FORMAT)
      mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
      return
      ;;
  esac
  # Values that only a person knows.
  [[ -z $value || $previous != -* ]] || return 0
  if [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_lmq_from_help commands <<<"$help")" -- "$current")
    [[ ${#COMPREPLY[@]} -eq 0 && -z $current ]] || return 0
  fi
  mapfile -t COMPREPLY < <(compgen -W "$(_lmq_from_help options <<<"$options")" -- "$current")
}

complete -F _lmq lmq
