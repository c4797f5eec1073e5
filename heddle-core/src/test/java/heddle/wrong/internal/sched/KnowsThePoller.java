package heddle.wrong.internal.sched;

import heddle.wrong.internal.poll.Monitors;

final class KnowsThePoller {
    Monitors[] pollers = {};
}
