package heddle.wrong.internal.poll;

final class Hen {
    Egg[] laid = {};
}
