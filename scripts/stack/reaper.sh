#!/bin/sh
# Ends what a supervisor leaves behind. It holds the reading end of a pipe from the supervisor: when
# the supervisor dies, however it dies, the pipe ends, and the reaper stops every process it was told
# of and removes every path. Written for sh because it runs as long as the stack and costs 1 MB.
#
# Lines:  add PID SIGNAL   a process group to stop with SIGNAL
#         del PID          it has ended
#         rm PATH          to remove at the end
trap '' INT TERM HUP
pids=' '
paths=
newline='
'

# A container without an init process keeps the dead as zombies: those have ended.
runs() {
  kill -0 "$1" 2>/dev/null || return 1
  [ -r "/proc/$1/stat" ] || return 0
  read -r stat <"/proc/$1/stat" || return 1
  case ${stat##*) } in Z*) return 1 ;; esac
}

alive() {
  for entry in $pids; do
    runs "${entry%%:*}" && return 0
  done
  return 1
}

while IFS= read -r line; do
  case $line in
    'add '*)
      entry=${line#add }
      pids="$pids${entry%% *}:${entry#* } "
      ;;
    'del '*)
      kept=' '
      for entry in $pids; do
        [ "${entry%%:*}" = "${line#del }" ] || kept="$kept$entry "
      done
      pids=$kept
      ;;
    'rm '*) paths="$paths${line#rm }$newline" ;;
  esac
done

for entry in $pids; do
  # Only the process itself: a server like Postgres stops its own children in the right order.
  kill -s "${entry#*:}" "${entry%%:*}" 2>/dev/null
done
tries=0
while alive && [ "$tries" -lt 200 ]; do
  sleep 0.05
  tries=$((tries + 1))
done
for entry in $pids; do
  kill -s KILL -- "-${entry%%:*}" 2>/dev/null
done
IFS=$newline
for path in $paths; do
  rm -rf -- "$path"
done
exit 0
