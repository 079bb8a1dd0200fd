package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// cluster is etcd and an API server over it: nothing that runs pods, and nothing but loopback.
type cluster struct {
	etcd, apiserver *process
	client          *client
}

// startCluster returns when the server is ready; what it started is stopped on every error.
func startCluster(ctx context.Context, dir string) (c *cluster, err error) {
	cred, err := newCredentials(dir)
	if err != nil {
		return nil, fmt.Errorf("making keys: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	c = &cluster{client: newClient("https://"+ports[0], cred)}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.stop())
		}
	}()
	if c.etcd, err = startEtcd(dir, ports[1], ports[2]); err != nil {
		return c, err
	}
	if err = c.etcd.ready(ctx, func(ctx context.Context) error {
		return expectOK(ctx, http.DefaultClient, "http://"+ports[1]+"/readyz")
	}); err != nil {
		return c, err
	}
	if c.apiserver, err = startAPIServer(dir, ports[0], ports[1], cred); err != nil {
		return c, err
	}
	return c, c.apiserver.ready(ctx, c.client.ready)
}

func (c *cluster) stop() error {
	var errs []error
	for _, p := range []*process{c.apiserver, c.etcd} {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	return errors.Join(errs...)
}

func startEtcd(dir, clients, peers string) (*process, error) {
	return startProcess(dir, programs.etcd,
		"--data-dir", dir+"/etcd",
		"--unsafe-no-fsync",
		"--listen-client-urls", "http://"+clients,
		"--advertise-client-urls", "http://"+clients,
		"--listen-peer-urls", "http://"+peers,
		"--initial-advertise-peer-urls", "http://"+peers,
		"--initial-cluster", "default=http://"+peers,
	)
}

// startAPIServer leaves the admission plugins at their defaults: Pod Security is one of them. Privileged containers are
// allowed otherwise, so that Pod Security is what denies them.
func startAPIServer(dir, address, etcd string, cred *credentials) (*process, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return startProcess(dir, programs.apiserver,
		"--bind-address", host,
		"--advertise-address", host,
		"--secure-port", port,
		"--etcd-servers", "http://"+etcd,
		"--cert-dir", dir+"/certs",
		"--tls-cert-file", cred.cert,
		"--tls-private-key-file", cred.key,
		"--service-account-issuer", "https://syncgate.invalid",
		"--service-account-key-file", cred.serviceAccount,
		"--service-account-signing-key-file", cred.serviceAccount,
		"--service-cluster-ip-range", "10.0.0.0/24",
		"--token-auth-file", cred.tokens,
		"--authorization-mode", "RBAC",
		"--allow-privileged",
		"--endpoint-reconciler-type", "none",
	)
}

// ready asks again and again until the program answers well, has ended, or ctx is over.
func (p *process) ready(ctx context.Context, ask func(context.Context) error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready; run the test again if a port was taken meanwhile", p.name)
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready within %v: %w; it last said:\n%s", p.name, startTime, err, p.tail())
		case <-tick.C:
		}
	}
}

// freePorts finds addresses on loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() // all at the end, so that no two are the same
		out = append(out, l.Addr().String())
	}
	return out, nil
}
