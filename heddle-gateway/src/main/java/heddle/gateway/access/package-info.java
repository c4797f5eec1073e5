/// Who may, and how much: values that [Gateway][heddle.gateway.Gateway] decides by, made of options and files, all
/// immutable and safe for any thread.
///
/// ```java
/// var access = Access.OPEN
///         .networks(new Networks(List.of(Cidr.parse("10.0.0.0/8")), List.of()))
///         .tokens(Tokens.read(Path.of("tokens")))
///         .limits(Limits.DEFAULT);
/// gateway.reload(options.access(access));
/// ```
///
/// [Access][heddle.gateway.access.Access] is all of it. What is in use (connections, bytes, rates) is counted in
/// `heddle.gateway`, and outlives a change of it.
@NullMarked
package heddle.gateway.access;

import org.jspecify.annotations.NullMarked;
