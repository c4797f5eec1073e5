package heddle.lab;

/** Hears of a run as it goes on. Called from the threads that make the calls. */
interface Progress {
    /** {@code side} was seen waiting in {@code call}. */
    void parked(String side, String call, long nanos);

    void ended(Call call);

    /** Something to tell beside the calls. */
    void told(long nanos, String line);

    /** Nobody listens. */
    Progress NONE = new Progress() {
        @Override
        public void parked(String side, String call, long nanos) {}

        @Override
        public void ended(Call call) {}

        @Override
        public void told(long nanos, String line) {}
    };
}
