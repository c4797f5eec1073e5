/// The command `heddle`, one class a subcommand.
///
///     Main     picks the command; an error is one line on the standard error and an exit code
///     Serve    the communication server         Submit   hands lines of files over to one
///     Tail     shows what is kept               Dial     a connection to type into
///     Echo     a server that gives back         Stack    what the threads of a running JVM wait for
///
/// Who enters: the launcher `heddle` at the root of the sources, with the arguments; each run is a process.
///
/// What it owes:
///
/// - answers go to the standard output, notes and errors to the standard error;
/// - exit codes that scripts can use: [ExitCodes][heddle.cli.ExitCodes] lists them;
/// - Ctrl-C and SIGTERM end a server in order; a second one ends the process at once.
@NullMarked
package heddle.cli;

import org.jspecify.annotations.NullMarked;
