"""Submits each line of a file as a message, with nothing of Heddle: the protocol's description, a socket and Python's ssl.

raw_client.py HOST PORT FILE decimal|integer   ids as 8 decimal digits, or as 8-byte big-endian integers
raw_client.py HOST PORT FILE once NAME         each line once: whatever breaks, it connects again; run again, it goes on

With --authority it speaks TLS. A token is what the environment has as HEDDLE_TOKEN.
"""
import argparse, os, random, socket, ssl, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for positional in "host", "port", "file", "kind":
    parser.add_argument(positional)
parser.add_argument("name", nargs="?", default="raw_client.py")
parser.add_argument("--authority", help="whom to believe that the server is the server, in PEM")
parser.add_argument("--certificate", help="this client's own, in PEM")
parser.add_argument("--key", help="its key, in PEM")
given = parser.parse_args()
encode = (lambda i: b"%08d" % i) if given.kind == "decimal" else (lambda i: i.to_bytes(8, "big"))
once = given.kind == "once"  # the line's number is its sequence number then
submit, ack_of_submit = (0x03, b"\x83") if once else (0x02, b"\x82")
token = os.environ.get("HEDDLE_TOKEN")
introduction = given.name.encode() + (b"\0" + token.encode() if token else b"")
tls = ssl.create_default_context(cafile=given.authority) if given.authority else None
if given.certificate:
    tls.load_cert_chain(given.certificate, given.key)


def frame(command, number, rest):
    return (13 + len(rest)).to_bytes(4, "big") + bytes([command]) + encode(number) + rest


def connect():
    conn = socket.create_connection((given.host, int(given.port)), 30)
    return tls.wrap_socket(conn, server_hostname=given.host) if tls else conn


def take(acks):  # the next ack; nothing at the end of the stream
    ack = acks.read(14)
    if ack:
        assert len(ack) == 14 and ack[:5] == b"\0\0\0\x0e" + ack_of_submit and ack[13] == 0, ack.hex(" ")
        open_ids.remove(ack[5:13])
    return ack


def submit_open_lines():  # over one connection, to its end
    with connect() as conn, conn.makefile("rb") as acks:
        conn.sendall(frame(0x01, 0, introduction))
        assert acks.read(14) == (14).to_bytes(4, "big") + b"\x81" + encode(0) + b"\0", "conn ack"
        if once:
            conn.sendall(frame(0x04, 0, b""))
            resumed = acks.read(22)
            assert len(resumed) == 22 and resumed[4:14] == b"\x84" + encode(0) + b"\0", resumed.hex(" ")
        kept = min(int.from_bytes(resumed[14:], "big"), len(lines)) if once else 0
        kept_before.append(kept)
        open_ids.difference_update(map(encode, range(1, kept + 1)))
        try:
            for first in range(kept, len(lines), 1000):
                batch = enumerate(lines[first:first + 1000], first + 1)
                conn.sendall(b"".join(frame(submit, number, line) for number, line in batch))
                # A server reads no more from who leaves many acks unread: 2,000 in flight are no such many.
                while len(open_ids) > max(len(lines) - first - 1000, 0) + 2000 and take(acks):
                    pass
        except OSError:
            pass  # the acks ahead of the end are still to be read
        while open_ids and take(acks):
            pass
        if not open_ids:
            conn.unwrap() if tls else conn.shutdown(socket.SHUT_WR)  # and the server does the same


with open(given.file, "rb") as file:
    lines = file.read().removesuffix(b"\n").split(b"\n")
open_ids, kept_before = {encode(number) for number in range(1, len(lines) + 1)}, []
give_up, count = time.monotonic() + 30, 0
while open_ids:
    if len(open_ids) != count:
        give_up, count = time.monotonic() + 30, len(open_ids)
    try:
        submit_open_lines()
        assert not open_ids, f"{len(open_ids)} messages without an ack"
    except (OSError, AssertionError):  # cut, killed, not stored: the next resume tells what is kept
        if not once or time.monotonic() > give_up:
            raise
        time.sleep(random.random())
print(f"{len(lines)} messages, all acknowledged" + (f", {kept_before[0]} of them before" if kept_before[0] else ""))
