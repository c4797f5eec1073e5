package heddle.wrong.internal;

final class NoWiring {}
