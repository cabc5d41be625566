// SPDX-License-Identifier: GPL-2.0-or-later

// A small LwM2M server on go-coap, with pion's DTLS and Go's own TLS: a CoAP
// stack that has nothing in common with libcoap, over all four transports. It is
// driven by JSON lines; nothing of it is shipped.
//
//	server IDENTITY KEY(hex) CERTIFICATE KEY-FILE AUTHORITY
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	piondtls "github.com/pion/dtls/v2"
	"github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	"github.com/plgd-dev/go-coap/v3/mux"
	"github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/tcp"
	"github.com/plgd-dev/go-coap/v3/udp"
)

const answerWithin = 10 * time.Second

type fields = map[string]any

type client struct {
	ep, location string
	conn         mux.Conn
	observed     map[string]mux.Observation
}

// Clients by name; guarded, as is standard output.
var (
	lock    sync.Mutex
	clients = map[string]*client{}
	count   int
)

func say(event fields) {
	line, _ := json.Marshal(event)
	lock.Lock()
	defer lock.Unlock()
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func content(m *pool.Message) fields {
	body, _ := m.ReadBody()
	code := m.Code()
	event := fields{"code": fmt.Sprintf("%d.%02d", code>>5, code&31),
		"payload": hex.EncodeToString(body)}
	if format, err := m.ContentFormat(); err == nil {
		event["ct"] = format
	}
	return event
}

// ---- what clients send ----

func told(event string, c *client, m *mux.Message) fields {
	out := content(m.Message)
	out["event"], out["ep"] = event, c.ep
	queries, _ := m.Queries()
	out["query"] = queries
	return out
}

func byLocation(location string) *client {
	lock.Lock()
	defer lock.Unlock()
	for _, c := range clients {
		if c.location == location {
			return c
		}
	}
	return nil
}

func register(w mux.ResponseWriter, m *mux.Message) {
	c := &client{conn: w.Conn(), observed: map[string]mux.Observation{}}
	queries, _ := m.Queries()
	for _, q := range queries {
		if strings.HasPrefix(q, "ep=") {
			c.ep = q[3:]
		}
	}
	lock.Lock()
	count++
	c.location = strconv.Itoa(count)
	clients[c.ep] = c
	lock.Unlock()
	must(w.SetResponse(codes.Created, message.TextPlain, nil,
		message.Option{ID: message.LocationPath, Value: []byte("rd")},
		message.Option{ID: message.LocationPath,
			Value: []byte(c.location)}))
	say(told("registered", c, m))
}

func answer(w mux.ResponseWriter, code codes.Code) {
	must(w.SetResponse(code, message.TextPlain, nil))
}

func fromClient(w mux.ResponseWriter, m *mux.Message) {
	path, _ := m.Path()
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if m.Code() == codes.POST && parts[0] == "rd" && len(parts) == 1 {
		register(w, m)
		return
	}
	c := byLocation(parts[len(parts)-1])
	switch {
	case parts[0] != "rd" || c == nil:
		answer(w, codes.NotFound)
	case m.Code() == codes.DELETE:
		answer(w, codes.Deleted)
		say(told("unregistered", c, m))
	default:
		answer(w, codes.Changed)
		say(told("updated", c, m))
	}
}

// ---- what the test asks ----

type order struct {
	ID     int      `json:"id"`
	Op     string   `json:"op"`
	Ep     string   `json:"ep"`
	Path   string   `json:"path"`
	Format int32    `json:"format"`
	Accept int32    `json:"accept"`
	Value  string   `json:"value"` // hex
	Query  []string `json:"query"`
}

func request(c *client, o *order, ctx context.Context) *pool.Message {
	code := map[string]codes.Code{"read": codes.GET, "write": codes.PUT,
		"execute": codes.POST, "attributes": codes.PUT}[o.Op]
	m := c.conn.AcquireMessage(ctx)
	token, err := message.GetToken()
	must(err)
	m.SetToken(token)
	m.SetCode(code)
	must(m.SetPath(o.Path))
	for _, q := range o.Query {
		m.AddQuery(q)
	}
	if o.Accept >= 0 {
		m.SetAccept(message.MediaType(o.Accept))
	}
	if body, _ := hex.DecodeString(o.Value); len(body) > 0 {
		m.SetContentFormat(message.MediaType(o.Format))
		m.SetBody(bytes.NewReader(body))
	}
	return m
}

// Its answer is the first notification.
func observe(c *client, o *order) error {
	observation, err := c.conn.Observe(context.Background(), o.Path,
		func(m *pool.Message) {
			event := content(m)
			event["event"], event["ep"] = "notification", c.ep
			event["path"] = o.Path
			say(event)
		}, message.Option{ID: message.Accept,
			Value: []byte{byte(o.Accept)}})
	if err == nil {
		c.observed[o.Path] = observation
	}
	return err
}

func carryOut(c *client, o *order) (fields, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	switch o.Op {
	case "observe":
		return fields{}, observe(c, o)
	case "cancel":
		return fields{}, c.observed[o.Path].Cancel(ctx)
	}
	m, err := c.conn.Do(request(c, o, ctx))
	if err != nil {
		return fields{}, err
	}
	return content(m), nil
}

func orders(from io.Reader) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		o := order{Accept: -1}
		must(json.Unmarshal(lines.Bytes(), &o))
		lock.Lock()
		c := clients[o.Ep]
		lock.Unlock()
		out, err := fields{}, fmt.Errorf("no such endpoint")
		if c != nil {
			out, err = carryOut(c, &o)
		}
		if err != nil {
			out["error"] = err.Error()
		}
		out["id"] = o.ID
		say(out)
	}
}

// ---- the four transports ----

func port(addr interface{ String() string }) int {
	text := addr.String()
	n, err := strconv.Atoi(text[strings.LastIndex(text, ":")+1:])
	must(err)
	return n
}

func dtlsConfig() *piondtls.Config {
	return &piondtls.Config{
		PSK: func(identity []byte) ([]byte, error) {
			if string(identity) != os.Args[1] {
				return nil, fmt.Errorf("who is %q", identity)
			}
			return hex.DecodeString(os.Args[2])
		},
		CipherSuites: []piondtls.CipherSuiteID{
			piondtls.TLS_PSK_WITH_AES_128_CCM_8},
	}
}

func tlsConfig() *tls.Config {
	pair, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
	must(err)
	authority, err := os.ReadFile(os.Args[5])
	must(err)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	return &tls.Config{Certificates: []tls.Certificate{pair},
		ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert}
}

func main() {
	const any = "127.0.0.1:0"
	handler := options.WithMux(mux.HandlerFunc(fromClient))

	plain, err := net.NewListenUDP("udp4", any)
	must(err)
	secure, err := net.NewDTLSListener("udp4", any, dtlsConfig())
	must(err)
	stream, err := net.NewTCPListener("tcp4", any)
	must(err)
	secureStream, err := net.NewTLSListener("tcp4", any, tlsConfig())
	must(err)
	go func() { must(udp.NewServer(handler).Serve(plain)) }()
	go func() { must(dtls.NewServer(handler).Serve(secure)) }()
	go func() { must(tcp.NewServer(handler).Serve(stream)) }()
	go func() { must(tcp.NewServer(handler).Serve(secureStream)) }()
	say(fields{"event": "ready", "coap": port(plain.LocalAddr()),
		"coaps": port(secure.Addr()), "coap+tcp": port(stream.Addr()),
		"coaps+tcp": port(secureStream.Addr())})
	orders(os.Stdin)
}
