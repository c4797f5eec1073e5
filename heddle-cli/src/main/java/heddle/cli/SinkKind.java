package heddle.cli;

/** Where the server's messages go. */
enum SinkKind {
    STORE("store"),
    KAFKA("kafka"),
    STORE_AND_KAFKA("store+kafka");

    private final String label;

    SinkKind(String label) {
        this.label = label;
    }

    /** As people write it. */
    @Override
    public String toString() {
        return label;
    }
}
