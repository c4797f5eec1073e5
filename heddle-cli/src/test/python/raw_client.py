"""Submits each line of a file as a message, with nothing of Heddle: the protocol's description and a socket.

raw_client.py HOST PORT FILE decimal|integer   ids as 8 decimal digits, or as 8-byte big-endian integers
raw_client.py HOST PORT FILE once NAME         each line once: run it again, after whatever broke, and it goes on
"""
import socket
import sys
import threading

host, port, path, kind, *name = sys.argv[1:]
encode = (lambda i: b"%08d" % i) if kind == "decimal" else (lambda i: i.to_bytes(8, "big"))


def frame(command, number, rest):
    return (13 + len(rest)).to_bytes(4, "big") + bytes([command]) + encode(number) + rest


with open(path, "rb") as file:
    lines = file.read().removesuffix(b"\n").split(b"\n")

conn = socket.create_connection((host, int(port)))
acks = conn.makefile("rb")
conn.sendall(frame(0x01, 0, name[0].encode() if name else b"raw_client.py"))
assert acks.read(14) == (14).to_bytes(4, "big") + b"\x81" + encode(0) + b"\0", "conn ack"
submit, ack_of_submit, kept = 0x02, b"\x82", 0
if kind == "once":  # the line's number is its sequence number
    submit, ack_of_submit = 0x03, b"\x83"
    conn.sendall(frame(0x04, 0, b""))
    resumed = acks.read(22)
    assert len(resumed) == 22 and resumed[4:14] == b"\x84" + encode(0) + b"\0", resumed.hex(" ")
    kept = min(int.from_bytes(resumed[14:], "big"), len(lines))


def send():
    for first in range(kept, len(lines), 1000):
        batch = enumerate(lines[first:first + 1000], first + 1)
        conn.sendall(b"".join(frame(submit, number, line) for number, line in batch))
    conn.shutdown(socket.SHUT_WR)


threading.Thread(target=send).start()
open_ids = {encode(number) for number in range(kept + 1, len(lines) + 1)}
while ack := acks.read(14):
    assert len(ack) == 14 and ack[:5] == b"\0\0\0\x0e" + ack_of_submit and ack[13] == 0, ack.hex(" ")
    open_ids.remove(ack[5:13])
assert not open_ids, f"{len(open_ids)} messages without an ack"
print(f"{len(lines)} messages, all acknowledged" + (f", {kept} of them before" if kept else ""))
