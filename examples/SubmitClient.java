import heddle.gateway.Client;
import heddle.gateway.ClientOptions;
import heddle.gateway.Result;

import java.nio.charset.StandardCharsets;

/** Submits three messages to a communication server, many in flight at a time, and prints what became of each. */
public class SubmitClient {

    public static void main(String[] args) throws Exception {
        String address = args.length > 0 ? args[0] : "127.0.0.1:7000";
        ClientOptions options = new ClientOptions().name("example").resend(true);
        try (Client client =
                new Client(
                        address,
                        options,
                        (number, result, nanos) ->
                                System.out.println("message " + number + ": " + Result.text(result)))) {
            for (String text : new String[] {"one", "two", "three"}) {
                byte[] message = text.getBytes(StandardCharsets.UTF_8);
                client.submit(message, 0, message.length); // Does not wait for the ack.
            }
            client.awaitSettled(); // Now each message is stored, or its result says why not.
        }
    }
}
