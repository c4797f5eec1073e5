"""A service manager's socket activation, as systemd does it; sd_listen_fds(3).

service_manager.py SOCKETS COMMAND...   listens at so many free ports, prints them, and starts COMMAND with the sockets; each
line on stdin ends what runs by SIGTERM and starts it anew, the end of stdin ends it for good.
"""
import fcntl, os, signal, socket, sys

count, command = int(sys.argv[1]), sys.argv[2:]
sockets = [socket.create_server(("127.0.0.1", 0), backlog=4096) for _ in range(count)]
print(",".join("%s:%d" % one.getsockname() for one in sockets), flush=True)


def start():
    child = os.fork()
    if child:
        return child
    high = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100) for one in sockets]  # out of the way of those that are passed
    for at, one in enumerate(high):
        os.dup2(one, 3 + at)
        os.close(one)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(count), LISTEN_FDNAMES=":".join(["clients"] * count))
    os.execvp(command[0], command)


def end(child):
    os.kill(child, signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, f"the server ended with {status}"


child = start()
for _ in sys.stdin:
    end(child)
    child = start()
end(child)
