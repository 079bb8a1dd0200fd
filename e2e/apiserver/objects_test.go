package apiserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// apply sends a body of any type, and wants it taken.
func (c *client) apply(method, path, contentType string, body []byte) error {
	_, err := c.send(method, path, contentType, body)
	return err
}

// createObject creates an object.
func (c *client) createObject(path string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return c.apply(http.MethodPost, path, "application/json", body)
}

// get reads an object or a list.
func (c *client) get(path string, into any) error {
	text, err := c.send(http.MethodGet, path, "application/json", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func (c *client) send(method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", contentType)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, text)
	}
	return text, err
}

// eventually asks until there is no error, for at most some time.
func (c *client) eventually(within time.Duration, ask func() error) error {
	deadline := time.Now().Add(within)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		<-tick.C
	}
}
