package apiserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client talks to the API server as an administrator.
type client struct {
	url, token string
	http       *http.Client
}

func newClient(url string, cred *credentials) *client {
	return &client{url: url, token: cred.token, http: &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: cred.trust},
			MaxIdleConnsPerHost: parallel,
		},
	}}
}

// ready asks whether the server is; its own roles and priority classes are there then.
func (c *client) ready(ctx context.Context) error {
	return expectOK(ctx, c.http, c.url+"/readyz")
}

func expectOK(ctx context.Context, with *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := with.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, res.Status, body)
	}
	return err
}

// post creates something, and returns the code and message of the answer.
func (c *client) post(path string, body []byte) (code int, message string, err error) {
	req, err := http.NewRequest(http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	var status struct{ Message string }
	if err := json.NewDecoder(res.Body).Decode(&status); err != nil {
		return 0, "", fmt.Errorf("POST %s: %s: %w", path, res.Status, err)
	}
	_, err = io.Copy(io.Discard, res.Body) // so that the connection can be used again
	return res.StatusCode, status.Message, err
}

// namespace creates a namespace that enforces a policy, with the service account that pods get.
func (c *client) namespace(name string, p policy) error {
	labels := map[string]string{
		"pod-security.kubernetes.io/enforce":         p.level,
		"pod-security.kubernetes.io/enforce-version": p.version,
	}
	for _, o := range []struct{ path, kind, name string }{
		{"/api/v1/namespaces", "Namespace", name},
		{"/api/v1/namespaces/" + name + "/serviceaccounts", "ServiceAccount", "default"},
	} {
		body, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": o.kind,
			"metadata": map[string]any{"name": o.name, "labels": labels}})
		if err != nil {
			return err
		}
		code, message, err := c.post(o.path, body)
		if err == nil && code != http.StatusCreated {
			err = fmt.Errorf("%d: %s", code, message)
		}
		if err != nil {
			return fmt.Errorf("creating the %s %s: %w", o.kind, o.name, err)
		}
	}
	return nil
}

// answer is what became of a pod.
type answer struct {
	verdict verdict
	why     string // the server's message
}

type verdict int

const (
	allowed verdict = iota
	denied          // by Pod Security
	refused         // for another reason, before Pod Security was asked
)

// create posts a pod as a dry run. Pods are valid before Pod Security is asked, so that only one of the two speaks.
func (c *client) create(namespace string, p *pod) (answer, error) {
	code, message, err := c.post("/api/v1/namespaces/"+namespace+"/pods?dryRun=All", p.json)
	switch {
	case err != nil:
		return answer{}, err
	case code == http.StatusCreated:
		return answer{allowed, ""}, nil
	case code == http.StatusForbidden && strings.Contains(message, "violates PodSecurity"):
		return answer{denied, message}, nil
	case code == http.StatusBadRequest || code == http.StatusForbidden || code == http.StatusUnprocessableEntity:
		return answer{refused, message}, nil
	}
	return answer{}, fmt.Errorf("creating %s in %s: the server answers %d: %s", p.name, namespace, code, message)
}
