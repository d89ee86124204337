#!/usr/bin/env bash
# `make demo`: the main job before your eyes. Everything lives in a scratch directory and on high
# ports of loopback addresses; no root is needed, nothing outside the directory is touched, and
# nothing is left, not even after Ctrl-C.
#
# BIN=DIRECTORY says where gatepostd and gatepost are, if not in .build/release.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
bin=$(realpath "${BIN:-.build/release}")

for tool in nsd swaks python3; do
  command -v $tool >/dev/null || { echo "demo: $tool is missing; see: make prepare" >&2 && exit 1; }
done
[ -x "$bin/gatepostd" ] || { echo "demo: $bin/gatepostd is missing; see: make build" >&2 && exit 1; }

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/gatepost-demo.XXXXXX")
declare -A pids=()

finish() {
  local status=$?
  trap - EXIT INT TERM
  for name in "${!pids[@]}"; do kill -9 "${pids[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [ $status -eq 1 ] && [ -f "$dir/log" ]; then sed 's/^/gatepostd: /' "$dir/log" >&2; fi
  rm -rf "$dir"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

# --- how the story is told

chapter() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
tell() { printf '   %s\n' "$*"; }
indent() { sed -e "s#$dir#DIR#g" -e 's/[ \r]*$//' | cat -s | sed 's/^./     &/'; }
# show COMMAND...: the command as one would type it, and what it says.
show() {
  local command=${*//$dir/DIR}
  printf '   %s$ %s%s\n' "$dim" "${command//$bin\//}" "$plain"
  { "$@" 2>&1 || true; } | indent
}
# send FROM-ADDRESS SENDER RECIPIENT: the end of an SMTP conversation, as swaks sees it.
send() {
  printf '   %s$ swaks --local-interface %s --from %s --to %s%s\n' "$dim" "$1" "$2" "$3" "$plain"
  { swaks --server 127.0.0.1 --port "$smtp" --local-interface "$1" --from "$2" --to "$3" \
    --header "Subject: ${4:-greetings}" --body "${5:-See you at eight.}" 2>&1 || true; } |
    sed -En '/MAIL FROM/,/QUIT/ { /^ -> (MAIL|RCPT)|^<.. +[245]/p }' | indent
}
# until WHAT COMMAND...: waits until the command succeeds; the demo ends if it does not.
until_true() {
  local what=$1 deadline=$((SECONDS + 30))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { echo "demo: $what did not happen" >&2 && exit 1; }
    sleep 0.05
  done
}

# --- the parts

# start NAME COMMAND...: in the background, with its output in DIR/NAME.
start() {
  local name=$1
  shift
  "$@" >"$dir/$name" 2>&1 </dev/null &
  pids[$name]=$!
}
# end NAME SIGNAL
end() {
  kill "-$2" "${pids[$1]}"
  # The shell says "Killed" of its own accord.
  wait "${pids[$1]}" 2>/dev/null || true
  unset "pids[$1]"
}
# trusting COMMAND...: runs it where the system's store of authorities is the one of this demo. The mount is the
# command's own; where the kernel allows none, OpenSSL's variable for the store's place has to do.
trusting() {
  local namespace=(unshare --mount)
  [ "$(id -u)" -eq 0 ] || namespace=(unshare --map-current-user --keep-caps --mount)
  if "${namespace[@]}" true 2>/dev/null; then
    exec "${namespace[@]}" sh -ec 'mount --bind "$1" /etc/ssl/certs; shift; exec "$@"' sh "$dir/pki/store" "$@"
  else
    SSL_CERT_DIR=$dir/pki/store exec "$@"
  fi
}
start_gatepostd() {
  start log trusting "$bin/gatepostd" -c "$dir/gatepost.conf"
  until_true 'the start of gatepostd' grep -q ready: "$dir/log"
}
start_hop() {
  start hop python3 Tests/Demo/hop.py "$mx" "$dir/hop.d"
  until_true 'the start of the next hop' python3 -c \
    "import socket; socket.create_connection(('127.0.0.1', $mx)).close()"
}
start_isp() {
  start isp /usr/bin/python3 Tests/Demo/isp.py "$isp" "$dir/pki/smtp.isp.example" "$dir/hop.d"
  until_true 'the start of the provider' python3 -c \
    "import socket; socket.create_connection(('127.0.0.1', $isp)).close()"
}
arrived() { compgen -G "$dir/hop.d/message-*" >/dev/null; }
# hop_shows: what has arrived at the other end since it was looked at last.
hop_shows() {
  until_true 'the delivery' arrived
  tell 'At the other end:'
  cat "$dir"/hop.d/message-* | indent
  rm "$dir"/hop.d/message-*
}
was_deferred() { [ "$(grep -c ^deferred "$dir/log")" -ge "$1" ]; }
queue_is_empty() { ! compgen -G "$dir/spool/queue/[nc]*/*" >/dev/null; }

read -r smtp submission submissions pop3 pop3s dns mx isp < <(python3 - <<'PY'
import socket
sockets = [socket.socket() for _ in range(8)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets])
PY
)
mkdir "$dir/conf.d" "$dir/hop.d"
# A root, an intermediate, and a leaf for each of the two servers, as a public authority has them.
Tests/authority.py "$dir/pki" smtp.isp.example gw.home.example:p256

cat >"$dir/nsd.conf" <<CONF
server:
  ip-address: 127.0.0.1@$dns
  username: ""
  database: ""
  zonesdir: "$PWD/Tests/EndToEndSupport/zones"
  pidfile: "$dir/nsd.pid"
  xfrdfile: "$dir/nsd.xfrd"
  zonelistfile: "$dir/nsd.zones"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: far.example
  zonefile: far.example.zone
zone:
  name: isp.example
  zonefile: isp.example.zone
CONF
start nsd nsd -d -c "$dir/nsd.conf"
until_true 'the start of nsd' grep -q 'nsd started' "$dir/nsd"

# --- the story

chapter 'The configuration'
cat >"$dir/gatepost.conf" <<CONF
[server]
hostname = gw.home.example
domains = home.example
[pop-before-smtp]
networks = 127.0.0.1
CONF
show cat "$dir/gatepost.conf"
cat >"$dir/conf.d/scratch.conf" <<CONF
[server]
spool = $dir/spool
state = $dir/state
runtime = $dir/run
users = $dir/users
[listen]
smtp = 127.0.0.1:$smtp
submission = 127.0.0.1:$submission
submissions = 127.0.0.1:$submissions
pop3 = 127.0.0.1:$pop3
pop3s = 127.0.0.1:$pop3s
[tls]
certificate = $dir/pki/gw.home.example.chain
key = $dir/pki/gw.home.example.key
[relay]
mx-port = $mx
[dns]
nameservers = 127.0.0.1:$dns
[queue]
retry = 1s, 2s, 4s
CONF
tell 'The rest is paths and ports of this scratch directory, in conf.d/scratch.conf.'
tell 'A user, then the daemon:'
printf secret | show "$bin/gatepost" -c "$dir/gatepost.conf" user add alice --password-stdin
start_gatepostd
show cat "$dir/log"
start_hop

chapter 'Mail from outside lies in the maildrop; an unknown user is refused at once'
send 127.0.0.3 ann@far.example nobody@home.example
send 127.0.0.3 ann@far.example alice@home.example 'an invitation' 'Dinner at eight?'
show find "$dir/spool/mail" -type f

chapter 'Before a login nobody may send to the world'
send 127.0.0.1 alice@home.example ann@far.example

chapter 'A device reads its mail by POP3 ...'
python3 Tests/Demo/device.py "$pop3" \
  'USER alice' 'PASS secret' STAT LIST UIDL 'RETR 1' 'DELE 1' QUIT | indent
tell '... and its address may send for a quarter of an hour:'
until_true 'the grant' grep -q alice "$dir/state/whitelist"
show cat "$dir/state/whitelist"

chapter 'From there it sends; the MX is found in the DNS'
send 127.0.0.1 alice@home.example ann@far.example
hop_shows
until_true 'the removal from the queue' queue_is_empty

chapter 'Another address is refused, until its network is listed as trusted'
send 127.0.0.2 alice@home.example ann@far.example
printf '[relay]\nnetworks = 127.0.0.2/32\n' >"$dir/conf.d/trusted.conf"
show cat "$dir/conf.d/trusted.conf"
kill -HUP "${pids[log]}"
until_true 'the new configuration' grep -q 'read again' "$dir/log"
tell 'After "systemctl reload gatepost":'
send 127.0.0.2 alice@home.example ann@far.example
hop_shows
until_true 'the removal from the queue' queue_is_empty

chapter 'The other end is down: the message stays, as a file that anyone can read'
end hop TERM
send 127.0.0.1 alice@home.example ann@far.example 'a patient message' 'It takes its time.'
until_true 'three attempts' was_deferred 3
show "$bin/gatepost" -c "$dir/gatepost.conf" queue
show cat "$dir"/spool/queue/cur/*
tell 'It is tried again, with longer and longer waits:'
show grep ^deferred "$dir/log"

chapter 'The daemon is killed, and the other end comes back'
tell "kill -9 ${pids[log]}, and a new start:"
end log KILL
start_gatepostd
show cat "$dir/log"
start_hop
hop_shows
until_true 'the removal from the queue' queue_is_empty
show "$bin/gatepost" -c "$dir/gatepost.conf" queue

chapter 'Or the provider takes all of it: TLS with a certificate of an authority, and a login'
start_isp
printf 'isp house open-sesame\n' >"$dir/secrets"
chmod 640 "$dir/secrets"
cat >"$dir/conf.d/smarthost.conf" <<CONF
[relay]
smarthost = smtps://smtp.isp.example:$isp
credentials = isp
secrets = $dir/secrets
CONF
show cat "$dir/conf.d/smarthost.conf"
reads=$(grep -c 'read again' "$dir/log" || true)
kill -HUP "${pids[log]}"
read_again() { [ "$(grep -c 'read again' "$dir/log")" -gt "$reads" ]; }
until_true 'the new configuration' read_again
send 127.0.0.1 alice@home.example someone@elsewhere.example
hop_shows
until_true 'the removal from the queue' queue_is_empty
tell 'The log says how it went:'
show grep 'to=.*someone@elsewhere.example' "$dir/log"

chapter 'The end'
end log TERM
show tail -n 2 "$dir/log"
tell 'Nothing is left of it: the scratch directory is removed.'
