/**
 * Random operations against a model. {@link heddle.net.fuzz.FuzzTest} runs cases; a {@link heddle.net.fuzz.StreamCase}
 * has two {@link heddle.net.fuzz.End}s with {@link heddle.net.fuzz.Worker}s and {@link heddle.net.fuzz.Noise}, and a
 * {@link heddle.net.fuzz.Flow} for each direction; a {@link heddle.net.fuzz.SetUpCase} has a listener.
 */
package heddle.net.fuzz;
