import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Makes a topic with as many partitions, once the brokers answer: SERVERS TOPIC PARTITIONS. */
public class MakeTopic {

    public static void main(String[] args) throws Exception {
        java.util.logging.Logger.getLogger("").setLevel(java.util.logging.Level.OFF);
        try (var admin = Admin.create(Map.of("bootstrap.servers", args[0], "default.api.timeout.ms", 60000))) {
            admin.createTopics(List.of(new NewTopic(args[1], Optional.of(Integer.valueOf(args[2])), Optional.empty())))
                    .all()
                    .get();
        }
    }
}
