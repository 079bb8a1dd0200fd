package main

import (
	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/render"
	"github.com/syncgate/syncgate/render/remote"
)

// remoteFlags say what may be fetched from elsewhere.
type remoteFlags struct {
	hosts  []string
	update bool // take nothing from the lock
}

func (f *remoteFlags) register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.hosts, "allow-remote", nil, "fetch remote bases and charts from this `HOST` (repeatable; default: from nowhere)")
}

// attach lets the workspace's sources use what is remote: what the lock names and the cache holds, and what comes from
// allowed hosts.
func (f *remoteFlags) attach(ws *workspace) (*remote.Store, error) {
	store, err := remote.Open(ws.tree, remote.Options{Hosts: f.hosts, Update: f.update})
	if err != nil {
		return nil, err
	}
	ws.store, ws.tree = store, ws.tree.WithRemotes(store.Fetch)
	return store, nil
}

// allows says why something remote may not be fetched.
func (ws *workspace) allows(r render.Remote) error {
	if ws.store == nil {
		return render.ErrOff
	}
	return ws.store.Allows(r)
}
