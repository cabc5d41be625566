/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Eclipse Leshan's bootstrap server behind a small HTTP interface, for the
 * interoperability tests. One source file that Java 17 runs as it is:
 *
 *   mvn -q -f bootstrap-pom.xml dependency:copy-dependencies -DoutputDirectory=LIBS
 *   java -cp 'LIBS/*' Bootstrap.java --coap 127.0.0.1:5783 \
 *        --coaps 127.0.0.1:5784 --http 127.0.0.1:8081
 *
 * A port of 0 means any free one. --pubkey (SubjectPublicKeyInfo, DER) or
 * --cert (PEM chain) with --trust (PEM), and --key (PKCS#8, DER): for raw
 * public keys and certificates beside pre-shared keys.
 *
 *   PUT    /config/EP    what it is given:
 *     {"ask": ["discover /", "discover /0", "read /1", "read /2/0"],
 *      "delete": ["/0", "/1"], "format": "TLV", "auto": true,
 *      "security": {"0": {"bootstrap": true, "uri": "coap://..."},
 *                   "1": {"uri": "coaps://...", "ssid": 123, "mode": "PSK",
 *                         "id": text, "id_hex": hex, "server_key": hex,
 *                         "key": hex, "usage": 3, "sni": text,
 *                         "hold_off": s, "account_timeout": s}},
 *      "server": {"0": {"ssid": 123, "lifetime": 60, "binding": "U",
 *                       "pmin": s, "pmax": s, "retry_count": n,
 *                       "retry_timer": s, "sequence_count": n}},
 *      "acl": {"0": {"object": 3303, "instance": 0, "owner": 123,
 *                    "rights": {"123": 15}}}}
 *     "auto": the instances of object 0 are those that Discover finds free.
 *   DELETE /config/EP
 *   PUT    /security/EP  who may bootstrap over DTLS: {"identity", "key"} |
 *                        {"rpk": hex of the public key} | {"x509": true}
 *   DELETE /security/EP
 *   POST   /api/bootstrap/EP, PUT /api/security/clients/   both as Leshan's
 *                        bootstrap server demo takes them
 *
 * Events go to standard output, one JSON object a line, with "ep", "t" (ms
 * since the epoch) and "detail": ready (with the ports), initiated,
 * unauthorized, authorized, noconfig, request, success, error, failure,
 * answer (what "ask" brought), end, failed.
 */

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
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
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.eclipse.leshan.core.CertificateUsage;
import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.lwm2m.LwM2mLink;
import org.eclipse.leshan.core.peer.LwM2mPeer;
import org.eclipse.leshan.core.request.*;
import org.eclipse.leshan.core.response.*;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.core.util.datatype.ULong;
import org.eclipse.leshan.server.bootstrap.*;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.CaliforniumBootstrapServerEndpointsProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coap.CoapBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.californium.bootstrap.endpoint.coaps.CoapsBootstrapServerProtocolProvider;
import org.eclipse.leshan.server.security.BootstrapSecurityStoreAdapter;
import org.eclipse.leshan.server.security.InMemorySecurityStore;
import org.eclipse.leshan.server.security.SecurityInfo;

public class Bootstrap {
    static final ObjectMapper JSON = new ObjectMapper();
    static final InMemoryBootstrapConfigStore configs = new InMemoryBootstrapConfigStore();
    static final InMemorySecurityStore security = new InMemorySecurityStore();
    static final Map<String, List<String>> asks = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        Map<String, String> opt = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2)
            opt.put(args[i].substring(2), args[i + 1]);

        LeshanBootstrapServerBuilder builder = new LeshanBootstrapServerBuilder();
        builder.setTaskProvider(new Asking(new BootstrapConfigStoreTaskProvider(configs)));
        builder.setSecurityStore(new BootstrapSecurityStoreAdapter(security));
        if (opt.containsKey("key"))
            builder.setPrivateKey(privateKey(opt.get("key")));
        if (opt.containsKey("pubkey"))
            builder.setPublicKey(publicKey(Files.readAllBytes(Path.of(opt.get("pubkey")))));
        if (opt.containsKey("cert"))
            builder.setCertificateChain(certificates(opt.get("cert")).toArray(new X509Certificate[0]));
        if (opt.containsKey("trust"))
            builder.setTrustedCertificates(certificates(opt.get("trust")).toArray(new Certificate[0]));
        CaliforniumBootstrapServerEndpointsProvider.Builder endpoints =
                new CaliforniumBootstrapServerEndpointsProvider.Builder(
                        new CoapBootstrapServerProtocolProvider(),
                        new CoapsBootstrapServerProtocolProvider());
        endpoints.setConfiguration(endpoints.createDefaultConfiguration());
        if (opt.containsKey("coap"))
            endpoints.addEndpoint(address(opt.get("coap")), Protocol.COAP);
        if (opt.containsKey("coaps"))
            endpoints.addEndpoint(address(opt.get("coaps")), Protocol.COAPS);
        builder.setEndpointsProviders(endpoints.build());
        LeshanBootstrapServer server = builder.build();
        server.addListener(new Listener());
        server.start();

        HttpServer http = HttpServer.create(address(opt.getOrDefault("http", "127.0.0.1:8081")), 0);
        http.setExecutor(Executors.newCachedThreadPool());
        http.createContext("/", Bootstrap::handle);
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

    // ---------------------------------------------------------------- events

    static synchronized void event(String name, String endpoint, ObjectNode detail) {
        ObjectNode line = JSON.createObjectNode();
        line.put("event", name).put("t", System.currentTimeMillis());
        if (endpoint != null)
            line.put("ep", endpoint);
        if (detail != null)
            line.setAll(detail);
        System.out.println(line);
        System.out.flush();
    }

    static void say(String name, String endpoint, String detail) {
        event(name, endpoint, JSON.createObjectNode().put("detail", detail));
    }

    static String describe(BootstrapDownlinkRequest<?> request) {
        String name = request.getClass().getSimpleName().replaceAll("^Bootstrap|Request$", "");
        return request.getPath() == null ? name : name + " " + request.getPath();
    }

    static class Listener implements BootstrapSessionListener {
        public void sessionInitiated(BootstrapRequest r, LwM2mPeer client) {
            say("initiated", r.getEndpointName(), String.valueOf(r.getPreferredContentFormat()));
        }

        public void unAuthorized(BootstrapRequest r, LwM2mPeer client) {
            say("unauthorized", r.getEndpointName(), client.toString());
        }

        public void authorized(BootstrapSession s) {
            say("authorized", s.getEndpoint(), s.getClientTransportData().getIdentity().toString());
        }

        public void noConfig(BootstrapSession s) {
            say("noconfig", s.getEndpoint(), null);
        }

        public void sendRequest(BootstrapSession s, BootstrapDownlinkRequest<? extends LwM2mResponse> r) {
            say("request", s.getEndpoint(), describe(r));
        }

        public void onResponseSuccess(BootstrapSession s, BootstrapDownlinkRequest<? extends LwM2mResponse> r,
                                      LwM2mResponse a) {
            say("success", s.getEndpoint(), describe(r) + " " + a.getCode());
            if (a instanceof BootstrapDiscoverResponse d)
                answer(s, r, Arrays.stream(d.getObjectLinks()).map(LwM2mLink::toString).toList());
            if (a instanceof BootstrapReadResponse d)
                answer(s, r, List.of(d.getContent().toString()));
        }

        static void answer(BootstrapSession s, BootstrapDownlinkRequest<?> r, List<String> lines) {
            ObjectNode detail = JSON.createObjectNode().put("detail", describe(r));
            lines.forEach(detail.putArray("content")::add);
            event("answer", s.getEndpoint(), detail);
        }

        public void onResponseError(BootstrapSession s, BootstrapDownlinkRequest<? extends LwM2mResponse> r,
                                    LwM2mResponse a) {
            say("error", s.getEndpoint(), describe(r) + " " + a.getCode());
        }

        public void onRequestFailure(BootstrapSession s, BootstrapDownlinkRequest<? extends LwM2mResponse> r,
                                     Throwable cause) {
            say("failure", s.getEndpoint(), describe(r) + " " + cause);
        }

        public void end(BootstrapSession s) {
            say("end", s.getEndpoint(), null);
        }

        public void failed(BootstrapSession s, BootstrapFailureCause cause) {
            say("failed", s.getEndpoint(), cause.toString());
        }
    }

    // ---------------------------------------------------------------- tasks

    /** What is asked for comes first, then the rest as Leshan does it. */
    static class Asking implements BootstrapTaskProvider {
        final BootstrapTaskProvider rest;
        final Set<BootstrapSession> asked = ConcurrentHashMap.newKeySet();
        final Set<BootstrapSession> begun = ConcurrentHashMap.newKeySet();

        Asking(BootstrapTaskProvider rest) {
            this.rest = rest;
        }

        public Tasks getTasks(BootstrapSession session, List<LwM2mResponse> previous) {
            List<String> ask = asks.getOrDefault(session.getEndpoint(), List.of());
            if (!ask.isEmpty() && asked.add(session)) {
                Tasks tasks = new Tasks();
                tasks.requestsToSend = new ArrayList<>();
                tasks.supportedObjects = Map.of(0, "1.1", 1, "1.1", 2, "1.0");
                ask.forEach(a -> tasks.requestsToSend.add(request(a)));
                tasks.last = false;
                return tasks;
            }
            return rest.getTasks(session, begun.add(session) ? null : previous);
        }

        static BootstrapDownlinkRequest<? extends LwM2mResponse> request(String text) {
            String[] word = text.split(" ");
            return word[0].equals("read") ? new BootstrapReadRequest(word[1])
                                          : new BootstrapDiscoverRequest(word[1]);
        }
    }

    // ---------------------------------------------------------------- configuration

    static byte[] hex(JsonNode n) {
        return n == null ? new byte[0] : Hex.decodeHex(n.asText().toCharArray());
    }

    static Integer integer(JsonNode n, String key) {
        return n.has(key) ? n.get(key).asInt() : null;
    }

    static ULong unsigned(JsonNode n, String key) {
        return n.has(key) ? ULong.valueOf(n.get(key).asLong()) : null;
    }

    static BootstrapConfig.ServerSecurity security(JsonNode v) {
        BootstrapConfig.ServerSecurity s = new BootstrapConfig.ServerSecurity();
        s.uri = v.get("uri").asText();
        s.bootstrapServer = v.path("bootstrap").asBoolean();
        s.securityMode = SecurityMode.valueOf(v.path("mode").asText("NO_SEC"));
        s.publicKeyOrId = v.has("id_hex") ? hex(v.get("id_hex"))
                                          : v.path("id").asText("").getBytes(StandardCharsets.UTF_8);
        s.serverPublicKey = hex(v.get("server_key"));
        s.secretKey = hex(v.get("key"));
        s.serverId = v.path("ssid").asInt(0);
        if (v.has("usage"))
            s.certificateUsage = CertificateUsage.fromCode(v.get("usage").asInt());
        if (v.has("sni"))
            s.sni = v.get("sni").asText();
        if (v.has("hold_off"))
            s.clientOldOffTime = v.get("hold_off").asInt();
        if (v.has("account_timeout"))
            s.bootstrapServerAccountTimeout = v.get("account_timeout").asInt();
        return s;
    }

    static BootstrapConfig.ServerConfig server(JsonNode v) {
        BootstrapConfig.ServerConfig s = new BootstrapConfig.ServerConfig();
        s.shortId = v.get("ssid").asInt();
        s.lifetime = v.path("lifetime").asInt(86400);
        s.binding = BindingMode.parse(v.path("binding").asText("U"));
        s.defaultMinPeriod = integer(v, "pmin");
        s.defaultMaxPeriod = integer(v, "pmax");
        s.communicationRetryCount = unsigned(v, "retry_count");
        s.CommunicationRetryTimer = unsigned(v, "retry_timer");
        s.SequenceRetryCount = unsigned(v, "sequence_count");
        return s;
    }

    static BootstrapConfig.ACLConfig acl(JsonNode v) {
        BootstrapConfig.ACLConfig a = new BootstrapConfig.ACLConfig();
        a.objectId = v.get("object").asInt();
        a.objectInstanceId = v.get("instance").asInt();
        a.AccessControlOwner = v.get("owner").asInt();
        a.acls = new HashMap<>();
        v.path("rights").fields().forEachRemaining(
                r -> a.acls.put(Integer.valueOf(r.getKey()), r.getValue().asLong()));
        return a;
    }

    static BootstrapConfig config(JsonNode b) {
        BootstrapConfig config = new BootstrapConfig();
        config.autoIdForSecurityObject = b.path("auto").asBoolean();
        if (b.has("format"))
            config.contentFormat = ContentFormat.fromName(b.get("format").asText());
        b.path("delete").forEach(p -> config.toDelete.add(p.asText()));
        b.path("security").fields().forEachRemaining(
                e -> config.security.put(Integer.valueOf(e.getKey()), security(e.getValue())));
        b.path("server").fields().forEachRemaining(
                e -> config.servers.put(Integer.valueOf(e.getKey()), server(e.getValue())));
        b.path("acl").fields().forEachRemaining(
                e -> config.acls.put(Integer.valueOf(e.getKey()), acl(e.getValue())));
        return config;
    }

    static SecurityInfo who(String endpoint, JsonNode b) throws Exception {
        if (b.has("rpk"))
            return SecurityInfo.newRawPublicKeyInfo(endpoint, publicKey(hex(b.get("rpk"))));
        if (b.has("x509"))
            return SecurityInfo.newX509CertInfo(endpoint);
        return SecurityInfo.newPreSharedKeyInfo(endpoint, b.get("identity").asText(), hex(b.get("key")));
    }

    // ---------------------------------------------------------------- HTTP

    static void change(String what, String endpoint, JsonNode body) throws Exception {
        if (what.equals("config") && body == null) {
            configs.remove(endpoint);
            asks.remove(endpoint);
        } else if (what.equals("config")) {
            List<String> ask = new ArrayList<>();
            body.path("ask").forEach(a -> ask.add(a.asText()));
            asks.put(endpoint, ask);
            configs.add(endpoint, config(body));
        } else if (what.equals("security") && body == null) {
            security.remove(endpoint, true);
        } else if (what.equals("security")) {
            security.add(who(endpoint, body));
        } else if (what.equals("api") && endpoint.startsWith("bootstrap/")) {
            configs.add(endpoint.substring("bootstrap/".length()),
                        JSON.treeToValue(body, BootstrapConfig.class));
        } else if (what.equals("api") && endpoint.startsWith("security/clients")) {
            security.add(who(body.get("endpoint").asText(), body.get("tls").get("details")));
        } else {
            throw new IllegalArgumentException("no such path");
        }
    }

    static void handle(HttpExchange x) throws IOException {
        int status = 200;
        ObjectNode answer = JSON.createObjectNode();
        try {
            String[] part = x.getRequestURI().getPath().substring(1).split("/", 2);
            boolean delete = x.getRequestMethod().equals("DELETE");
            change(part[0], part[1], delete ? null : JSON.readTree(x.getRequestBody().readAllBytes()));
        } catch (Throwable e) {
            status = 400;
            answer.put("error", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        byte[] bytes = (answer + "\n").getBytes(StandardCharsets.UTF_8);
        x.sendResponseHeaders(status, bytes.length);
        x.getResponseBody().write(bytes);
        x.close();
    }
}
