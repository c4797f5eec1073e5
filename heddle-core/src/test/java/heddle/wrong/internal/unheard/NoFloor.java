package heddle.wrong.internal.unheard;

final class NoFloor {}
