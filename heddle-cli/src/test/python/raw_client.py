"""Submits each line of a file as a message, with nothing of Heddle: the protocol's description and a socket.

raw_client.py HOST PORT FILE decimal|integer   ids as 8 decimal digits, or as 8-byte big-endian integers
raw_client.py HOST PORT FILE once NAME         each line once: whatever breaks, it connects again; run again, it goes on
"""
import random, socket, sys, threading, time

host, port, path, kind, *name = sys.argv[1:]
encode = (lambda i: b"%08d" % i) if kind == "decimal" else (lambda i: i.to_bytes(8, "big"))
once = kind == "once"  # the line's number is its sequence number then
submit, ack_of_submit = (0x03, b"\x83") if once else (0x02, b"\x82")


def frame(command, number, rest):
    return (13 + len(rest)).to_bytes(4, "big") + bytes([command]) + encode(number) + rest


def send(conn, kept):
    try:
        for first in range(kept, len(lines), 1000):
            batch = enumerate(lines[first:first + 1000], first + 1)
            conn.sendall(b"".join(frame(submit, number, line) for number, line in batch))
        conn.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the reader sees it too, behind the last ack


def submit_open_lines():  # over one connection, to its end
    with socket.create_connection((host, int(port)), 30) as conn, conn.makefile("rb") as acks:
        conn.sendall(frame(0x01, 0, name[0].encode() if once else b"raw_client.py"))
        assert acks.read(14) == (14).to_bytes(4, "big") + b"\x81" + encode(0) + b"\0", "conn ack"
        if once:
            conn.sendall(frame(0x04, 0, b""))
            resumed = acks.read(22)
            assert len(resumed) == 22 and resumed[4:14] == b"\x84" + encode(0) + b"\0", resumed.hex(" ")
        kept = min(int.from_bytes(resumed[14:], "big"), len(lines)) if once else 0
        kept_before.append(kept)
        open_ids.difference_update(map(encode, range(1, kept + 1)))
        threading.Thread(target=send, args=(conn, kept)).start()
        while ack := acks.read(14):
            assert len(ack) == 14 and ack[:5] == b"\0\0\0\x0e" + ack_of_submit and ack[13] == 0, ack.hex(" ")
            open_ids.remove(ack[5:13])


with open(path, "rb") as file:
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
