/* SPDX-License-Identifier: GPL-2.0-or-later
 * An LwM2M server of an older Leshan, driven by lines: ID OPERATION EP PATH
 * [FORMAT or VALUE]. Answers and events are JSON lines. What differs between the
 * versions is in V1.java and M15.java. */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.model.ResourceModel.Operations;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.registration.Registration;

abstract class Old {
    abstract Registration find(String endpoint);

    abstract LwM2mResponse send(Registration to, DownlinkRequest<?> request)
            throws InterruptedException;

    private static ObjectModel model(int id, String name, ResourceModel value) {
        return new ObjectModel(id, name, "", "1.1", true, false, value);
    }

    static List<ObjectModel> models() {
        List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadDefault());
        models.add(model(3303, "Temperature", new ResourceModel(5700, "Sensor Value",
                Operations.R, false, true, Type.FLOAT, "", "", "")));
        models.add(model(3308, "Set Point", new ResourceModel(5900, "Set Point Value",
                Operations.RW, false, true, Type.FLOAT, "", "", "")));
        return models;
    }

    private static String quoted(Object text) {
        return "\"" + String.valueOf(text).replace("\\", "\\\\").replace("\"", "\\\"")
                .replace("\n", " ") + "\"";
    }

    /* Names and values by turns; a number stays one. */
    static synchronized void tell(Object... fields) {
        StringBuilder line = new StringBuilder("{");
        for (int i = 0; i < fields.length; i += 2)
            line.append(i == 0 ? "" : ", ").append(quoted(fields[i])).append(": ")
                    .append(fields[i + 1] instanceof Number ? fields[i + 1]
                            : quoted(fields[i + 1]));
        System.out.println(line.append("}"));
    }

    static Object value(Object node) {
        return node instanceof LwM2mResource ? ((LwM2mResource) node).getValue() : node;
    }

    static void registered(String event, Registration r) {
        tell("event", event, "ep", r.getEndpoint(), "lwm2m", r.getLwM2mVersion(),
                "lifetime", r.getLifeTimeInSec());
    }

    private static DownlinkRequest<?> request(String[] words) {
        String path = words[3];
        ContentFormat format = words.length < 5 ? null :
                ContentFormat.fromName(words[4]);
        switch (words[1]) {
        case "read":
            return new ReadRequest(format, path);
        case "observe":
            return new ObserveRequest(format, path);
        case "discover":
            return new DiscoverRequest(path);
        case "execute":
            return new ExecuteRequest(path);
        case "write":
            String[] ids = path.split("/");
            return new WriteRequest(Integer.parseInt(ids[1]), Integer.parseInt(ids[2]),
                    Integer.parseInt(ids[3]), Double.parseDouble(words[4]));
        default:
            throw new IllegalArgumentException(words[1]);
        }
    }

    private void answer(String[] words) throws InterruptedException {
        LwM2mResponse answer;
        try {
            answer = send(find(words[2]), request(words));
        } catch (RuntimeException e) {          /* it could not be decoded */
            tell("id", words[0], "error", e);
            return;
        }
        if (answer == null)
            tell("id", words[0], "error", "no answer");
        else if (answer instanceof ReadResponse)
            tell("id", words[0], "code", answer.getCode().getName(), "value",
                    value(((ReadResponse) answer).getContent()));
        else if (answer instanceof DiscoverResponse)
            tell("id", words[0], "code", answer.getCode().getName(), "value",
                    Arrays.toString(((DiscoverResponse) answer).getObjectLinks()));
        else
            tell("id", words[0], "code", answer.getCode().getName());
    }

    /* Until the input ends. */
    void serve(int port) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        tell("event", "ready", "coap", port);
        for (String line; (line = in.readLine()) != null; )
            answer(line.split(" "));
        System.exit(0);
    }
}
