package heddle.wrong.internal.poll;

final class Egg {
    Hen[] hatched = {};
}
