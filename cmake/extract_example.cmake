# Writes the README's example to a file of its own, so that the build compiles what the reader sees.
#
#   cmake -D README=README.md -D OUTPUT=example.cpp -P extract_example.cmake
#
# The example is the first ```cpp block after the marker; it has at most 60 lines.

set(marker "<!-- example: compiled by the build -->")
set(max_lines 60)

file(READ "${README}" rest)
set(line 1)

# Cuts `rest` behind the first `mark` and counts the lines that went.
macro(skip_past mark)
  string(FIND "${rest}" "${mark}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${README}: nothing like '${mark}' from line ${line} on")
  endif()
  string(LENGTH "${mark}" length)
  math(EXPR at "${at} + ${length}")
  string(SUBSTRING "${rest}" 0 ${at} gone)
  string(SUBSTRING "${rest}" ${at} -1 rest)
  string(REGEX MATCHALL "\n" breaks "${gone}")
  list(LENGTH breaks count)
  math(EXPR line "${line} + ${count}")
endmacro()

skip_past("${marker}")
skip_past("\n```cpp\n")
string(FIND "${rest}" "\n```" end)
if(end EQUAL -1)
  message(FATAL_ERROR "${README}:${line}: the example's block has no end")
endif()
string(SUBSTRING "${rest}" 0 ${end} example)

string(REGEX MATCHALL "\n" breaks "${example}\n")
list(LENGTH breaks count)
if(count GREATER max_lines)
  message(FATAL_ERROR "${README}:${line}: the example has ${count} lines, more than ${max_lines}")
endif()

# Errors point into the README.
file(WRITE "${OUTPUT}" "#line ${line} \"${README}\"\n${example}\n")
