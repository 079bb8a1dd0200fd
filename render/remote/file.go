package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/syncgate/syncgate/render"
)

// fileName is what the copy of a single file is called.
const fileName = "data"

// fileSource is a file by its URL.
type fileSource struct {
	client *http.Client
	at     *url.URL
}

func (s *Store) fileSourceOf(ref string) (*fileSource, error) {
	u, err := webURL(ref)
	return &fileSource{s.client, u}, err
}

// webURL reads the address of something to get by HTTP.
func webURL(ref string) (*url.URL, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !hostName.MatchString(u.Host) {
		return nil, &render.Error{Msg: render.PublicURL(ref) + " is not the URL of a file", Hint: "expected https://HOST/PATH"}
	}
	return u, nil
}

func (f *fileSource) url() address { return addressOf(f.at) }

func (f *fileSource) identity(Entry) string { return "file " + render.PublicURL(f.at.String()) }

func (f *fileSource) copy(dir string, _ Entry) render.RemoteCopy {
	return render.RemoteCopy{Dir: dir, File: fileName}
}

func (f *fileSource) fetch(ctx context.Context, dir string, _ Entry) (Entry, error) {
	data, err := get(ctx, f.client, f.at, "", "")
	if err != nil {
		return Entry{}, err
	}
	return Entry{Kind: render.RemoteFile}, os.WriteFile(filepath.Join(dir, fileName), data, 0o644)
}

// eitherSource is a URL among the resources of a kustomization: kustomize gets it, and clones it when that gives an error
// or no manifest (api/internal/target accumulateResources). A page of HTML is what hosts of git repositories answer.
type eitherSource struct {
	file *fileSource
	base *gitSource
}

func (e eitherSource) url() address { return e.file.url() }

func (e eitherSource) identity(en Entry) string {
	if en.Kind == render.RemoteFile {
		return e.file.identity(en)
	}
	return e.base.identity(en)
}

func (e eitherSource) copy(dir string, en Entry) render.RemoteCopy {
	if en.Kind == render.RemoteFile {
		return e.file.copy(dir, en)
	}
	return e.base.copy(dir, en)
}

func (e eitherSource) fetch(ctx context.Context, dir string, locked Entry) (Entry, error) {
	data, err := get(ctx, e.file.client, e.file.at, "", "")
	if isStatus := errors.As(err, new(*statusError)); isStatus || err == nil && isPage(data) {
		en, gitErr := e.base.fetch(ctx, dir, locked)
		if gitErr != nil && isStatus && !errors.As(gitErr, new(*render.Error)) {
			gitErr = fmt.Errorf("%w; and as a git repository: %w", err, gitErr)
		}
		return en, gitErr
	}
	if err != nil {
		return Entry{}, err
	}
	return Entry{Kind: render.RemoteFile}, os.WriteFile(filepath.Join(dir, fileName), data, 0o644)
}

func isPage(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n"), []byte("<"))
}

// statusError is an answer that is none of 2xx.
type statusError struct{ status string }

func (e *statusError) Error() string { return "the answer was " + e.status }

// get reads what a URL gives, up to maxDownload.
func get(ctx context.Context, client *http.Client, u *url.URL, user, password string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if user != "" || password != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) { // it repeats the URL
			err = ue.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, &statusError{resp.Status}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDownload+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDownload {
		return nil, errTooLarge
	}
	return data, nil
}

var errTooLarge = &render.Error{Msg: fmt.Sprintf("is larger than the %d MB that are fetched", maxDownload>>20),
	Hint: "vendor the part of it that is needed"}
