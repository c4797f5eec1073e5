package heddle.kafka;

/** What the sink's thread is to do for turns. */
sealed interface Event {

    /** Of a name the highest number is wanted. */
    record Begin(Turn turn, long id) implements Event {}

    /** All replicas have a numbered message. */
    record Delivered(Turn turn, long number, long offset, long roomBytes) implements Event {}

    /** Nothing more is offered to a turn. */
    record End(Turn turn) implements Event {}

    /** Look at the sink's state. */
    record Wake() implements Event {}
}
