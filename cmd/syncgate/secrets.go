package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/pflag"

	"github.com/syncgate/syncgate/check"
	"github.com/syncgate/syncgate/fix"
)

// secretFlags say what fixes of secrets may rely on.
type secretFlags struct{ inStore bool }

func (f *secretFlags) register(fs *pflag.FlagSet) {
	fs.BoolVar(&f.inStore, "values-already-in-store", false, "the store of fix.secrets holds the values of all Secrets already, so that "+
		"they may be taken out of git")
}

// apply settles what becomes of secrets, and reads the certificate that they are sealed with: from the revision where there is
// one, since a change must not choose who can read what it seals.
func (f *secretFlags) apply(o *check.Options, ws *workspace, rev *revision, stdin bool) (*fix.Sealer, error) {
	r := &o.Remedies.Secrets
	if f.inStore && r.To != check.ToExternal {
		return nil, errors.New("--values-already-in-store: the config does not say fix.secrets.to: external")
	}
	r.InStore = f.inStore
	if r.To != check.ToSealed {
		return nil, nil
	}
	read := ws.tree.ReadFile
	switch {
	case stdin:
		read = readHere
	case rev != nil:
		read = rev.readFile
	}
	data, err := read(r.Cert)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("fix.secrets.cert: %s is not there; write it with kubeseal --fetch-cert > %s", r.Cert, r.Cert)
	case err != nil:
		return nil, fmt.Errorf("fix.secrets.cert %s: %w", r.Cert, unwrapPath(err))
	}
	s, err := fix.NewSealer(data)
	if err != nil {
		return nil, fmt.Errorf("fix.secrets.cert %s: %w", r.Cert, err)
	}
	return s, nil
}
