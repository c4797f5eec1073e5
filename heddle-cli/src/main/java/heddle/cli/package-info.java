/** The heddle command, one class a subcommand. */
@NullMarked
package heddle.cli;

import org.jspecify.annotations.NullMarked;
