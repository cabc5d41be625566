/* SPDX-License-Identifier: GPL-2.0-or-later */
import java.util.Collection;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.request.DownlinkRequest;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.server.californium.LeshanServer;
import org.eclipse.leshan.server.californium.LeshanServerBuilder;
import org.eclipse.leshan.server.model.VersionedModelProvider;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;

class V1 extends Old implements RegistrationListener, ObservationListener {
    final LeshanServer server;

    V1() {
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setLocalAddress("127.0.0.1", 0);
        builder.disableSecuredEndpoint();
        builder.setObjectModelProvider(new VersionedModelProvider(models()));
        server = builder.build();
        server.getRegistrationService().addListener(this);
        server.getObservationService().addListener(this);
        server.start();
    }

    @Override
    Registration find(String endpoint) {
        return server.getRegistrationService().getByEndpoint(endpoint);
    }

    @Override
    LwM2mResponse send(Registration to, DownlinkRequest<?> request)
            throws InterruptedException {
        return server.send(to, request, 10000);
    }

    @Override
    public void registered(Registration r, Registration before,
            Collection<Observation> observations) {
        registered("registered", r);
    }

    @Override
    public void updated(RegistrationUpdate update, Registration r, Registration before) {
        registered("updated", r);
    }

    @Override
    public void unregistered(Registration r, Collection<Observation> observations,
            boolean expired, Registration next) {
        registered("unregistered", r);
    }

    @Override
    public void newObservation(Observation o, Registration r) {
    }

    @Override
    public void cancelled(Observation o) {
    }

    @Override
    public void onResponse(Observation o, Registration r, ObserveResponse answer) {
        tell("event", "notification", "ep", r.getEndpoint(), "value",
                value(answer.getContent()));
    }

    @Override
    public void onError(Observation o, Registration r, Exception e) {
        tell("event", "notification", "ep", r.getEndpoint(), "error", e);
    }

    public static void main(String[] arguments) throws Exception {
        V1 v1 = new V1();
        v1.serve(v1.server.getUnsecuredAddress().getPort());
    }
}
