package heddle.cli;

/**
 * A subcommand of a module that may be absent: a class with picocli's {@code @Command} and a public constructor without
 * parameters, which the module provides as a service. {@link Main} adds those it finds.
 */
public interface Subcommand extends Runnable {}
