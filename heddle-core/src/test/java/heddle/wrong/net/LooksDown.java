package heddle.wrong.net;

import heddle.wrong.internal.poll.Monitors;

final class LooksDown {
    Monitors poller = new Monitors();
}
