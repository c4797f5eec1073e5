package heddle.wrong.net;

import heddle.wrong.internal.poll.Monitors;

final class SkipsAFloor {
    Monitors poller = new Monitors();
}
