# The text of `lmq COMMAND --help` as the part of a man page that tells of this command.
#
#   mode=command   description, words and options, remarks; not the exit codes, which are the same everywhere
#   mode=top       the same of `lmq --help`: description and options, without the list of commands
#   mode=exits     its exit codes alone
#   mode=file      the options of `lmq serve --help` as keys of the configuration file
#
# Help is: a description, "Usage: …", groups ("Title:" with two columns below it, the second at column 31), remarks.

function escaped(text) {
  gsub(/…/, "...", text)
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  # A line that begins so would be a request.
  if (text ~ /^[.']/) text = "\\&" text
  return text
}

function end_example() {
  if (example) print ".EE"
  example = 0
}

# Lines of prose; those that are indented are an example.
function prose(line) {
  if (line ~ /^  /) {
    if (!example) print ".PP\n.EX"
    example = 1
    print escaped(line)
    return
  }
  end_example()
  print line == "" ? ".PP" : escaped(line)
}

# "--http HOST:PORT" or "NAME REQUIRED": names are bold, what stands for something is in italics.
function heading(entry,    words, count, i, out) {
  sub(/ REQUIRED$/, "", entry)
  count = split(entry, words, " ")
  for (i = 1; i <= count; ++i)
    out = out (i > 1 ? " " : "") (words[i] ~ /^-/ ? "\\fB" : "\\fI") escaped(words[i]) "\\fR"
  return out
}

# As the file has it: text in quotes, numbers and switches bare.
function key_heading(entry,    words, count, value) {
  count = split(substr(entry, 3), words, " ")
  value = count == 1 ? "\\fBtrue\\fR" : "\\fI" escaped(words[2]) "\\fR"
  if (count > 1 && words[2] != "N" && words[2] != "SECONDS") value = "\"" value "\""
  return "\\fB" escaped(words[1]) "\\fR = " value
}

function variable(entry) {
  sub(/ .*/, "", entry)
  gsub(/-/, "_", entry)
  return "LMQ" toupper(substr(entry, 2))
}

# Defaults that the text tells are not shown again: those of this machine are not those of another one.
function about(text) {
  if (text ~ /by default/) sub(/ \[[^]]*\]$/, "", text)
  return escaped(text)
}

function flush() {
  if (entry == "") return
  if (mode == "file") {
    if (entry !~ /^(-h,|--config )/) {
      if (title != "") print ".SS " title
      title = ""
      print ".TP\n" key_heading(entry) "\n" about(text) "."
      print "In the environment: " escaped(variable(entry)) "."
    }
  } else if (mode != "exits" && (entry !~ /^-h,/ || mode == "top")) {
    if (title != "") print ".PP\n" title ":"
    title = ""
    print ".TP\n" heading(entry) "\n" about(text)
  }
  entry = ""
}

BEGIN { part = "description" }

part == "description" && !/^Usage: / {
  # `lmq --help` begins with the program's name, which is another section's.
  if ((mode == "command" || mode == "top") && !(mode == "top" && NR == 1)) prose($0)
  next
}

/^Usage: / {
  end_example()
  part = "groups"
  next
}

# Nothing that ends so is prose but the heads of groups.
part != "description" && /^[A-Z][A-Za-z ]*:$/ {
  flush()
  title = substr($0, 1, length($0) - 1)
  if (title == "Exit codes") part = "exits"
  else part = title == "Commands" ? "commands" : "groups"
  next
}

part == "exits" {
  if (mode == "exits" && match($0, /^  [0-9]+  /)) print ".TP\n.B " $1 "\n" escaped(substr($0, RLENGTH + 1))
  next
}

part == "commands" { if ($0 != "") next }

part == "groups" && /^  / {
  # A name as wide as its column stands alone, and its text below.
  if (substr($0, 3, 28) ~ /^ *$/) {
    text = text (text == "" ? "" : " ") substr($0, 31)
  } else {
    flush()
    entry = substr($0, 3)
    text = ""
    if (match(entry, /  +/)) {
      text = substr(entry, RSTART + RLENGTH)
      entry = substr(entry, 1, RSTART - 1)
    }
  }
  next
}

$0 == "" {
  flush()
  blank = 1
  next
}

{
  flush()
  part = "remarks"
  if (mode == "command" || mode == "top") {
    if (blank) print ".PP"
    prose($0)
  }
  blank = 0
}

END {
  flush()
  end_example()
}
