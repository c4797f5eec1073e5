/** Protocol layers over a connection. Sees of the core only what every user sees. */
module heddle.protocol {
    requires transitive heddle.core;
    requires static org.jspecify;

    exports heddle.frame;
    exports heddle.proxy;
    exports heddle.server;
    exports heddle.tls;
}
