/** The communication server. */
module heddle.gateway {
    requires transitive heddle.protocol;
    requires java.sql;
    requires org.xerial.sqlitejdbc;
    requires static transitive org.jspecify;

    exports heddle.gateway;
}
