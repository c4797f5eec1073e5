package heddle.wrong.internal.fd;

import heddle.wrong.internal.poll.Monitors;

final class LooksDown {
    Monitors poller = new Monitors();
}
