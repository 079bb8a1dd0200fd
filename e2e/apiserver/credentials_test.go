package apiserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// credentials are what the server shows and what it believes: files in a directory of their own.
type credentials struct {
	cert, key      string // the server's, for 127.0.0.1
	serviceAccount string // the key that signs service account tokens
	tokens         string // the file of tokens that may log in
	token          string // the one of an administrator
	trust          *x509.CertPool
}

func newCredentials(dir string) (*credentials, error) {
	c := &credentials{
		cert:           filepath.Join(dir, "server.crt"),
		key:            filepath.Join(dir, "server.key"),
		serviceAccount: filepath.Join(dir, "service-account.key"),
		tokens:         filepath.Join(dir, "tokens.csv"),
		token:          rand.Text(),
		trust:          x509.NewCertPool(),
	}
	key, err := writeKey(c.key)
	if err != nil {
		return nil, err
	}
	if err := c.writeCertificate(key); err != nil {
		return nil, err
	}
	if _, err := writeKey(c.serviceAccount); err != nil {
		return nil, err
	}
	return c, os.WriteFile(c.tokens, fmt.Appendf(nil, "%s,admin,admin,system:masters\n", c.token), 0o600)
}

// writeCertificate signs the server's certificate with its own key.
func (c *credentials) writeCertificate(key *ecdsa.PrivateKey) error {
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "syncgate-e2e"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	c.trust.AddCert(cert)
	return writePEM(c.cert, "CERTIFICATE", der)
}

func writeKey(file string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(file, "EC PRIVATE KEY", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
