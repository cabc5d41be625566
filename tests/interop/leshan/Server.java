/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Eclipse Leshan's LwM2M server behind a small HTTP interface, for the
 * interoperability tests. One source file that Java 17 runs as it is:
 *
 *   mvn -q -f pom.xml dependency:copy-dependencies -DoutputDirectory=LIBS
 *   java -cp 'LIBS/*' Server.java --coap 127.0.0.1:5683 \
 *        --coaps 127.0.0.1:5684 --http 127.0.0.1:8080
 *
 * A port of 0 means any free one. Events go to standard output, one JSON
 * object a line: ready (with the ports), registered, updated, unregistered,
 * notification, notification-error, send, send-error, awake, sleeping. Every
 * event carries "t", milliseconds since the epoch, and "ep".
 *
 *   GET    /clients                     all registrations
 *   GET    /clients/EP                  one
 *   DELETE /clients/EP                  forget it: its next Update gets 4.04
 *   GET    /clients/EP/PATH?format=TLV  Read; formats: TEXT OPAQUE TLV JSON
 *                                       SENML_JSON SENML_CBOR CBOR
 *   GET    /clients/EP/PATH?discover    Discover
 *   PUT    /clients/EP/PATH?format=TLV  Write, replace; &update: partial
 *   PUT    /clients/EP/PATH?attributes&pmin=1&pmax=10   Write-Attributes
 *   POST   /clients/EP/O/I/R            Execute, body: the arguments
 *   POST   /clients/EP/O                Create, body {"id": 3, "5700": 21.5};
 *                                       without "id" the client chooses
 *   DELETE /clients/EP/O/I              Delete
 *   POST   /clients/EP/PATH?observe     Observe
 *   DELETE /clients/EP/PATH?observe     cancel passively: the next
 *                                       notification is answered by a Reset
 *   DELETE /clients/EP/PATH?observe=active   cancel by a request
 *   GET    /clients/EP?composite=/3/0/1,/3303/0   Read-Composite
 *   POST   the same                     Observe-Composite
 *   DELETE the same                     cancel that by a request
 *   PUT    /clients/EP?composite        Write-Composite, {"/3303/0/5900": 1}
 *   PUT    /security/EP                 {"identity": "x", "key": "hex"} |
 *                                       {"rpk": "hex of the public key"} |
 *                                       {"x509": true}
 *   DELETE /security/EP
 *   PUT    /api/security/clients/       the same as Leshan's server demo takes
 *                                       it: {"endpoint": "x", "tls": {"mode":
 *                                       "psk", "details": {"identity", "key"}}}
 *
 * A Write's body is a JSON value (one resource), {"0": v, "1": w} (a multiple
 * resource) or {"5900": v, ...} (an instance). Opaque: {"hex": "00ff"}; object
 * link: "3303:0"; time: ISO 8601. Every answer is JSON: {"code": "2.05",
 * "ct": content format, "payload": hex, "nodes": [{"path", "type", "value"}],
 * "links": ...}; 504 when no answer came, 500 with "error" when Leshan could
 * not decode it. A request to a client in queue mode that sleeps waits for it
 * to wake, as long as ?timeout=SECONDS says (5).
 */

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.*;
import java.util.concurrent.*;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.link.lwm2m.attributes.DefaultLwM2mAttributeParser;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.node.*;
import org.eclipse.leshan.core.observation.*;
import org.eclipse.leshan.core.request.*;
import org.eclipse.leshan.core.request.exception.*;
import org.eclipse.leshan.core.response.*;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.core.util.datatype.ULong;
import org.eclipse.leshan.server.LeshanServer;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.queue.PresenceListener;
import org.eclipse.leshan.server.registration.*;
import org.eclipse.leshan.server.send.SendListener;
import org.eclipse.leshan.servers.security.InMemorySecurityStore;
import org.eclipse.leshan.servers.security.SecurityInfo;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coaps.CoapsServerProtocolProvider;

public class Server {
    static final ObjectMapper JSON = new ObjectMapper();
    static LeshanServer server;
    static final InMemorySecurityStore security = new InMemorySecurityStore();
    static final Map<String, List<Runnable>> waiting = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        Map<String, String> opt = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2)
            opt.put(args[i].substring(2), args[i + 1]);

        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setObjectModelProvider(new VersionedModelProvider(models(opt.get("models"))));
        builder.setSecurityStore(security);
        if (opt.containsKey("cert")) { // X.509: --cert PEM chain, --key PKCS#8 DER, --trust PEM
            builder.setPrivateKey(privateKey(opt.get("key")));
            builder.setCertificateChain(
                    certificates(opt.get("cert")).toArray(new X509Certificate[0]));
            if (opt.containsKey("trust"))
                builder.setTrustedCertificates(
                        certificates(opt.get("trust")).toArray(new Certificate[0]));
        } else if (opt.containsKey(
                           "pubkey")) { // RPK: --pubkey SubjectPublicKeyInfo DER, --key PKCS#8 DER
            builder.setPublicKey(publicKey(Files.readAllBytes(Path.of(opt.get("pubkey")))));
            builder.setPrivateKey(privateKey(opt.get("key")));
        }
        CaliforniumServerEndpointsProvider.Builder endpoints =
                new CaliforniumServerEndpointsProvider.Builder(new CoapServerProtocolProvider(),
                                                               new CoapsServerProtocolProvider());
        Configuration config = endpoints.createDefaultConfiguration();
        config.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 65536);
        if (opt.containsKey("cid"))
            config.set(DtlsConfig.DTLS_CONNECTION_ID_LENGTH, Integer.valueOf(opt.get("cid")));
        endpoints.setConfiguration(config);
        if (opt.containsKey("coap"))
            endpoints.addEndpoint(address(opt.get("coap")), Protocol.COAP);
        if (opt.containsKey("coaps"))
            endpoints.addEndpoint(address(opt.get("coaps")), Protocol.COAPS);
        builder.setEndpointsProviders(endpoints.build());
        server = builder.build();
        listen();
        server.start();

        HttpServer http = HttpServer.create(address(opt.getOrDefault("http", "127.0.0.1:8080")), 0);
        http.setExecutor(Executors.newCachedThreadPool());
        http.createContext("/", Server::handle);
        http.start();
        ObjectNode ports = JSON.createObjectNode().put("http", http.getAddress().getPort());
        for (var e : server.getEndpoints())
            ports.put(e.getProtocol().getName().toLowerCase(), e.getURI().getPort());
        event("ready", null, ports);
    }

    static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon),
                                     Integer.parseInt(text.substring(colon + 1)));
    }

    static PublicKey publicKey(byte[] der) throws Exception {
        return KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(der));
    }

    static PrivateKey privateKey(String file) throws Exception {
        return KeyFactory.getInstance("EC").generatePrivate(
                new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(file))));
    }

    static List<X509Certificate> certificates(String file) throws Exception {
        List<X509Certificate> list = new ArrayList<>();
        for (Certificate c : CertificateFactory.getInstance("X.509").generateCertificates(
                     Files.newInputStream(Path.of(file))))
            list.add((X509Certificate)c);
        return list;
    }

    static List<ObjectModel> models(String directory) throws Exception {
        List<ObjectModel> models = ObjectLoader.loadAllDefault();
        Set<String> known =
                models.stream().map(m -> m.id + "/" + m.version).collect(Collectors.toSet());
        List<ObjectModel> more = new ArrayList<>();
        if (directory != null)
            more.addAll(ObjectLoader.loadObjectsFromDir(new File(directory)));
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("leshan-server-demo"))
                continue;
            try (JarFile jar = new JarFile(entry)) {
                for (var e : Collections.list(jar.entries()))
                    if (e.getName().matches("models/.*\\.xml"))
                        more.addAll(ObjectLoader.loadDdfFile(jar.getInputStream(e), e.getName()));
            }
        }
        for (ObjectModel m : more)
            if (known.add(m.id + "/" + m.version))
                models.add(m);
        return models;
    }

    // ---------------------------------------------------------------- events

    static synchronized void event(String name, Registration registration, ObjectNode detail) {
        ObjectNode line = JSON.createObjectNode();
        line.put("event", name).put("t", System.currentTimeMillis());
        if (registration != null)
            line.put("ep", registration.getEndpoint());
        line.setAll(detail);
        System.out.println(line);
        System.out.flush();
    }

    static ObjectNode describe(Registration r) {
        ObjectNode o = JSON.createObjectNode();
        o.put("ep", r.getEndpoint())
                .put("id", r.getId())
                .put("lifetime", r.getLifeTimeInSec())
                .put("binding", BindingMode.toString(r.getBindingMode()));
        o.put("lwm2m", r.getLwM2mVersion().toString())
                .put("queue", r.usesQueueMode())
                .put("address", r.getSocketAddress().toString());
        o.put("awake", server.getPresenceService().isClientAwake(r))
                .put("identity", r.getClientTransportData().getIdentity().toString());
        ArrayNode links = o.putArray("links");
        for (Link l : r.getObjectLinks())
            links.add(l.toString());
        return o;
    }

    static void listen() {
        server.getRegistrationService().addListener(new RegistrationListener() {
            public void registered(Registration r, Registration previous,
                                   Collection<Observation> observations) {
                event("registered", r, describe(r).put("again", previous != null));
            }

            public void updated(RegistrationUpdate u, Registration r, Registration previous) {
                event("updated", r, describe(r));
            }

            public void unregistered(Registration r, Collection<Observation> o, boolean expired,
                                     Registration next) {
                event("unregistered", r,
                      JSON.createObjectNode()
                              .put("expired", expired)
                              .put("replaced", next != null));
            }
        });
        server.getPresenceService().addListener(new PresenceListener() {
            public void onSleeping(Registration r) {
                event("sleeping", r, JSON.createObjectNode());
            }

            public void onAwake(Registration r) {
                event("awake", r, JSON.createObjectNode());
                List<Runnable> list = waiting.remove(r.getEndpoint());
                if (list != null)
                    list.forEach(Runnable::run);
            }
        });
        server.getObservationService().addListener(new ObservationListener() {
            public void newObservation(Observation o, Registration r) {
            }

            public void cancelled(Observation o) {
            }

            public void onResponse(SingleObservation o, Registration r, ObserveResponse response) {
                ObjectNode detail = result(response, o.getPath());
                if (response.getTimestampedLwM2mNodes() != null &&
                    !response.getTimestampedLwM2mNodes().isEmpty()) {
                    ArrayNode list = detail.putArray("timestamped");
                    for (TimestampedLwM2mNode t : response.getTimestampedLwM2mNodes())
                        for (JsonNode n : flatten(o.getPath(), t.getNode()))
                            list.add(((ObjectNode)n).put("time", String.valueOf(t.getTimestamp())));
                }
                event("notification", r,
                      detail.put("path", o.getPath().toString())
                              .put("token", o.getId().toString()));
            }

            public void onResponse(CompositeObservation o, Registration r,
                                   ObserveCompositeResponse response) {
                event("notification", r,
                      result(response, null)
                              .put("path", o.getPaths().toString())
                              .put("token", o.getId().toString()));
            }

            public void onError(Observation o, Registration r, Exception e) {
                event("notification-error", r,
                      JSON.createObjectNode().put("error", String.valueOf(e)));
            }
        });
        server.getSendService().addListener(new SendListener() {
            public void dataReceived(Registration r, TimestampedLwM2mNodes data,
                                     SendRequest request) {
                ArrayNode list = JSON.createArrayNode();
                for (Instant t : data.getTimestamps())
                    data.getNodesAt(t).forEach((path, node) -> {
                        for (JsonNode n : flatten(path, node))
                            list.add(((ObjectNode)n).put("time", String.valueOf(t)));
                    });
                ObjectNode detail = JSON.createObjectNode();
                detail.set("nodes", list);
                event("send", r, detail);
            }

            public void onError(Registration r, String message, Exception e) {
                event("send-error", r, JSON.createObjectNode().put("error", message + " " + e));
            }
        });
    }

    // ---------------------------------------------------------------- values

    static ArrayNode flatten(LwM2mPath path, LwM2mNode node) {
        ArrayNode list = JSON.createArrayNode();
        if (node instanceof LwM2mObject o)
            o.getInstances().values().forEach(i -> list.addAll(flatten(path.append(i.getId()), i)));
        else if (node instanceof LwM2mObjectInstance i)
            i.getResources().values().forEach(r -> list.addAll(flatten(path.append(r.getId()), r)));
        else if (node instanceof LwM2mResource r && r.isMultiInstances())
            r.getInstances().values().forEach(
                    v -> list.add(leaf(path.append(v.getId()), v.getType(), v.getValue())));
        else if (node instanceof LwM2mResource r)
            list.add(leaf(path, r.getType(), r.getValue()));
        else if (node instanceof LwM2mResourceInstance v)
            list.add(leaf(path, v.getType(), v.getValue()));
        else if (node instanceof LwM2mRoot root)
            root.getObjects().values().forEach(
                    o -> list.addAll(flatten(new LwM2mPath(o.getId()), o)));
        return list;
    }

    static ObjectNode leaf(LwM2mPath path, ResourceModel.Type type, Object value) {
        ObjectNode n =
                JSON.createObjectNode().put("path", path.toString()).put("type", type.toString());
        if (value instanceof Long v)
            n.put("value", v);
        else if (value instanceof Double v)
            n.put("value", v);
        else if (value instanceof Boolean v)
            n.put("value", v);
        else if (value instanceof byte[] v)
            n.put("value", Hex.encodeHexString(v));
        else if (value instanceof Date v)
            n.put("value", v.toInstant().toString());
        else if (value instanceof ObjectLink v)
            n.put("value", v.encodeToString());
        else if (value instanceof Link[] v)
            n.put("value", Arrays.toString(v));
        else
            n.put("value", String.valueOf(value));
        return n;
    }

    static Object value(ResourceModel.Type type, JsonNode v) {
        switch (type) {
        case INTEGER:
            return v.asLong();
        case UNSIGNED_INTEGER:
            return ULong.valueOf(v.asText());
        case FLOAT:
            return v.asDouble();
        case BOOLEAN:
            return v.asBoolean();
        case OPAQUE:
            return Hex.decodeHex(v.get("hex").asText().toCharArray());
        case TIME:
            return Date.from(Instant.parse(v.asText()));
        case OBJLNK:
            return ObjectLink.decodeFromString(v.asText());
        default:
            return v.asText();
        }
    }

    static ResourceModel.Type type(Registration r, int object, int resource) {
        ResourceModel model =
                server.getModelProvider().getObjectModel(r).getResourceModel(object, resource);
        return model == null ? ResourceModel.Type.OPAQUE : model.type;
    }

    static LwM2mResource resource(Registration r, int object, int id, JsonNode v) {
        ResourceModel.Type type = type(r, object, id);
        if (v.isObject() && !v.has("hex")) {
            Map<Integer, Object> values = new HashMap<>();
            v.fields().forEachRemaining(
                    e -> values.put(Integer.valueOf(e.getKey()), value(type, e.getValue())));
            return LwM2mMultipleResource.newResource(id, values, type);
        }
        return LwM2mSingleResource.newResource(id, value(type, v), type);
    }

    static List<LwM2mResource> resources(Registration r, int object, JsonNode body) {
        List<LwM2mResource> list = new ArrayList<>();
        body.fields().forEachRemaining(e -> {
            if (!e.getKey().equals("id"))
                list.add(resource(r, object, Integer.parseInt(e.getKey()), e.getValue()));
        });
        return list;
    }

    static LwM2mNode node(Registration r, LwM2mPath path, JsonNode body) {
        if (path.isResourceInstance())
            return LwM2mResourceInstance.newInstance(
                    path.getResourceInstanceId(),
                    value(type(r, path.getObjectId(), path.getResourceId()), body),
                    type(r, path.getObjectId(), path.getResourceId()));
        if (path.isResource())
            return resource(r, path.getObjectId(), path.getResourceId(), body);
        if (path.isObjectInstance())
            return new LwM2mObjectInstance(path.getObjectInstanceId(),
                                           resources(r, path.getObjectId(), body));
        List<LwM2mObjectInstance> instances = new ArrayList<>();
        body.fields().forEachRemaining(e
                                       -> instances.add(new LwM2mObjectInstance(
                                               Integer.parseInt(e.getKey()),
                                               resources(r, path.getObjectId(), e.getValue()))));
        return new LwM2mObject(path.getObjectId(), instances);
    }

    static ObjectNode result(LwM2mResponse response, LwM2mPath path) {
        int code = response.getCode().getCode();
        ObjectNode out = JSON.createObjectNode();
        out.put("code", String.format("%d.%02d", code / 100, code % 100));
        if (response.getCoapResponse() instanceof Response coap) {
            if (coap.getOptions().hasContentFormat())
                out.put("ct", coap.getOptions().getContentFormat());
            if (coap.getPayloadSize() > 0)
                out.put("payload", Hex.encodeHexString(coap.getPayload()));
        }
        if (response.getErrorMessage() != null)
            out.put("message", response.getErrorMessage());
        ArrayNode nodes = JSON.createArrayNode();
        if (response instanceof ReadResponse r && r.getContent() != null)
            nodes.addAll(flatten(path, r.getContent()));
        if (response instanceof ReadCompositeResponse r && r.getContent() != null)
            r.getContent().forEach((p, n) -> {
                if (n != null)
                    nodes.addAll(flatten(p, n));
            });
        if (!nodes.isEmpty())
            out.set("nodes", nodes);
        if (response instanceof DiscoverResponse d && d.getObjectLinks() != null)
            out.put("links", Arrays.stream(d.getObjectLinks())
                                     .map(Link::toString)
                                     .collect(Collectors.joining(",")));
        if (response instanceof CreateResponse c && c.getLocation() != null)
            out.put("location", c.getLocation());
        return out;
    }

    // ---------------------------------------------------------------- HTTP

    static void handle(HttpExchange x) throws IOException {
        int status = 200;
        JsonNode answer;
        try {
            String[] part = x.getRequestURI().getPath().substring(1).split("/", 3);
            Map<String, String> query = query(x.getRequestURI());
            String body = new String(x.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if (x.getRequestURI().getPath().startsWith("/api/security/clients"))
                answer = secureLikeDemo(body);
            else if (part[0].equals("security"))
                answer = secure(x.getRequestMethod(), part[1], body);
            else if (part.length == 1) {
                ArrayNode all = JSON.createArrayNode();
                server.getRegistrationService().getAllRegistrations().forEachRemaining(
                        r -> all.add(describe(r)));
                answer = all;
            } else {
                Registration r = server.getRegistrationService().getByEndpoint(part[1]);
                if (r == null)
                    throw new NoSuchElementException("no registration of " + part[1]);
                String method = x.getRequestMethod();
                boolean whole = part.length == 2 && !query.containsKey("composite");
                if (whole && method.equals("DELETE"))
                    server.getRegistrationStore().removeRegistration(r.getId());
                answer = whole && !method.equals("PUT")
                                 ? describe(r)
                                 : request(r, method, part.length == 3 ? "/" + part[2] : "/",
                                           query, body);
                if (answer == null) {
                    status = 504;
                    answer = JSON.createObjectNode().put("error", "no answer");
                }
            }
        } catch (NoSuchElementException e) {
            status = 404;
            answer = JSON.createObjectNode().put("error", e.getMessage());
        } catch (Throwable e) {
            status = 500;
            answer = JSON.createObjectNode().put("error", e.getClass().getSimpleName() + ": " +
                                                                  e.getMessage());
        }
        byte[] bytes = (answer + "\n").getBytes(StandardCharsets.UTF_8);
        x.getResponseHeaders().set("Content-Type", "application/json");
        x.sendResponseHeaders(status, bytes.length);
        x.getResponseBody().write(bytes);
        x.close();
    }

    static Map<String, String> query(URI uri) {
        Map<String, String> map = new LinkedHashMap<>();
        if (uri.getQuery() != null)
            for (String pair : uri.getQuery().split("&"))
                map.put(pair.split("=", 2)[0], pair.contains("=") ? pair.split("=", 2)[1] : "");
        return map;
    }

    static JsonNode secure(String method, String endpoint, String body) throws Exception {
        if (method.equals("DELETE"))
            return JSON.createObjectNode().put("removed", security.remove(endpoint, true) != null);
        JsonNode b = JSON.readTree(body);
        if (b.has("identity"))
            security.add(SecurityInfo.newPreSharedKeyInfo(
                    endpoint, b.get("identity").asText(),
                    Hex.decodeHex(b.get("key").asText().toCharArray())));
        else if (b.has("rpk"))
            security.add(SecurityInfo.newRawPublicKeyInfo(
                    endpoint, publicKey(Hex.decodeHex(b.get("rpk").asText().toCharArray()))));
        else
            security.add(SecurityInfo.newX509CertInfo(endpoint));
        return JSON.createObjectNode().put("added", endpoint);
    }

    static JsonNode secureLikeDemo(String body) throws Exception {
        JsonNode b = JSON.readTree(body);
        JsonNode tls = b.get("tls");
        ObjectNode how = JSON.createObjectNode();
        if (tls.get("mode").asText().equals("psk"))
            how.setAll((ObjectNode)tls.get("details"));
        else if (tls.get("mode").asText().equals("rpk"))
            how.put("rpk", tls.get("details").get("key").asText());
        return secure("PUT", b.get("endpoint").asText(), how.toString());
    }

    static JsonNode request(Registration r, String method, String text, Map<String, String> query,
                            String body) throws Exception {
        ContentFormat format =
                query.containsKey("format") ? ContentFormat.fromName(query.get("format")) : null;
        LwM2mPath path = new LwM2mPath(text);
        DownlinkDeviceManagementRequest<?> request;
        if (query.containsKey("composite") || (path.isRoot() && method.equals("PUT"))) {
            List<String> paths = Arrays.asList(query.getOrDefault("composite", "").split(","));
            if (method.equals("GET"))
                request = new ReadCompositeRequest(format, format, paths);
            else if (method.equals("POST"))
                request = new ObserveCompositeRequest(format, format, paths.toArray(new String[0]));
            else if (method.equals("DELETE"))
                request = new CancelCompositeObservationRequest(
                        (CompositeObservation)server.getObservationService()
                                .getObservations(r)
                                .stream()
                                .filter(i
                                        -> i instanceof CompositeObservation c &&
                                                   c.getPaths().equals(
                                                           LwM2mPath.getLwM2mPathList(paths)))
                                .findFirst()
                                .orElseThrow());
            else {
                Map<LwM2mPath, LwM2mNode> nodes = new LinkedHashMap<>();
                JSON.readTree(body).fields().forEachRemaining(
                        e
                        -> nodes.put(new LwM2mPath(e.getKey()),
                                     node(r, new LwM2mPath(e.getKey()), e.getValue())));
                request = new WriteCompositeRequest(format, nodes, null);
            }
        } else if (query.containsKey("observe") && method.equals("POST"))
            request = new ObserveRequest(format, text);
        else if (query.containsKey("observe") && query.get("observe").equals("active")) {
            SingleObservation o =
                    (SingleObservation)server.getObservationService()
                            .getObservations(r)
                            .stream()
                            .filter(i
                                    -> i instanceof SingleObservation s && s.getPath().equals(path))
                            .findFirst()
                            .orElseThrow();
            request = new CancelObservationRequest(o);
        } else if (query.containsKey("observe"))
            return JSON.createObjectNode().put(
                    "cancelled", server.getObservationService().cancelObservations(r, text));
        else if (query.containsKey("discover"))
            request = new DiscoverRequest(text);
        else if (query.containsKey("attributes")) {
            String attributes =
                    query.entrySet()
                            .stream()
                            .filter(e
                                    -> !e.getKey().equals("attributes") &&
                                               !e.getKey().equals("timeout"))
                            .map(e
                                 -> e.getValue().isEmpty() ? e.getKey()
                                                           : e.getKey() + "=" + e.getValue())
                            .collect(Collectors.joining("&"));
            request = new WriteAttributesRequest(
                    text, new LwM2mAttributeSet(
                                  new DefaultLwM2mAttributeParser().parseUriQuery(attributes)));
        } else if (method.equals("GET"))
            request = new ReadRequest(format, text);
        else if (method.equals("PUT"))
            request = new WriteRequest(query.containsKey("update") ? WriteRequest.Mode.UPDATE
                                                                   : WriteRequest.Mode.REPLACE,
                                       format, text, node(r, path, JSON.readTree(body)));
        else if (method.equals("DELETE"))
            request = new DeleteRequest(text);
        else if (path.isResource())
            request = new ExecuteRequest(text, body.isEmpty() ? null : body);
        else {
            JsonNode b = JSON.readTree(body);
            List<LwM2mResource> resources = resources(r, path.getObjectId(), b);
            request = b.has("id") ? new CreateRequest(
                                            format, text,
                                            new LwM2mObjectInstance(b.get("id").asInt(), resources))
                                  : new CreateRequest(format, text, resources);
        }
        LwM2mResponse response = send(
                r, request, (long)(Double.parseDouble(query.getOrDefault("timeout", "5")) * 1000));
        return response == null ? null : result(response, path);
    }

    static LwM2mResponse send(Registration r, DownlinkDeviceManagementRequest<?> request,
                              long timeout) throws Exception {
        long deadline = System.currentTimeMillis() + timeout;
        for (;;) {
            try {
                long left = deadline - System.currentTimeMillis();
                return left <= 0 ? null
                                 : server.send(server.getRegistrationService().getByEndpoint(
                                                       r.getEndpoint()),
                                               request, left);
            } catch (ClientSleepingException e) {
                CountDownLatch awake = new CountDownLatch(1);
                waiting.computeIfAbsent(r.getEndpoint(), k -> new CopyOnWriteArrayList<>())
                        .add(awake::countDown);
                if (!awake.await(deadline - System.currentTimeMillis(), TimeUnit.MILLISECONDS))
                    return null;
            }
        }
    }
}
