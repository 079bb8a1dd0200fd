package githubtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Git runs git in the bare repository and fails the test if git does.
func (s *Server) Git(stdin []byte, args ...string) string {
	out, err := s.git(stdin, args...)
	if err != nil {
		s.t.Errorf("%v", err)
	}
	return out
}

func (s *Server) git(stdin []byte, args ...string) (string, error) {
	return gitIn(s.Dir, stdin, nil, args...)
}

func gitIn(dir string, stdin []byte, env []string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=bot", "GIT_AUTHOR_EMAIL=bot@example.com", "GIT_COMMITTER_NAME=bot", "GIT_COMMITTER_EMAIL=bot@example.com",
		"GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"}, env...)...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}

// Push commits a work tree's files to a branch, as a person would with git push, and returns the commit. A branch that
// does not exist begins at main, if there is one.
func (s *Server) Push(dir, branch, message string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	env := []string{"GIT_DIR=" + s.Dir, "GIT_WORK_TREE=" + dir, "GIT_INDEX_FILE=" + filepath.Join(s.t.TempDir(), "index")}
	run := func(args ...string) string {
		out, err := gitIn(dir, nil, env, args...)
		if err != nil {
			s.t.Errorf("%v", err)
		}
		return out
	}
	run("add", "-A", ".")
	args := []string{"commit-tree", run("write-tree"), "-m", message}
	for _, from := range []string{branch, "main"} {
		if parent := s.head(from); parent != "" {
			args = append(args, "-p", parent)
			break
		}
	}
	commit := run(args...)
	run("update-ref", "refs/heads/"+branch, commit)
	return commit
}

// Clone clones a branch with git and returns the directory.
func (s *Server) Clone(branch string) string {
	s.t.Helper()
	dir := s.t.TempDir()
	if _, err := gitIn(dir, nil, nil, "clone", "-q", "-b", branch, s.Dir, "."); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// Head is the last commit of a branch, "" when there is none.
func (s *Server) Head(branch string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head(branch)
}

func (s *Server) head(branch string) string {
	out, err := s.git(nil, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch)
	if err != nil {
		return ""
	}
	return out
}

func (s *Server) url(parts ...string) string {
	return s.URL + "/repos/" + Repository + "/" + strings.Join(parts, "/")
}

func (s *Server) ref(branch, commit string) map[string]any {
	return map[string]any{"ref": "refs/heads/" + branch, "node_id": "R", "url": s.url("git/refs/heads", branch),
		"object": map[string]any{"type": "commit", "sha": commit, "url": s.url("git/commits", commit)}}
}

func (s *Server) getRef(branch string, _ map[string]any) (int, any, *problem) {
	commit := s.head(branch)
	if commit == "" {
		return 0, nil, &problem{http.StatusNotFound, "Not Found"}
	}
	return http.StatusOK, s.ref(branch, commit), nil
}

func (s *Server) getCommit(id string, _ map[string]any) (int, any, *problem) {
	tree, err := s.git(nil, "rev-parse", "--verify", "--quiet", id+"^{tree}")
	if err != nil {
		return 0, nil, &problem{http.StatusNotFound, "Not Found"}
	}
	person := map[string]any{"name": "bot", "email": "bot@example.com", "date": "2026-01-02T03:04:05Z"}
	parents := []any{}
	for _, p := range strings.Fields(s.Git(nil, "show", "-s", "--format=%P", id)) {
		parents = append(parents, map[string]any{"sha": p, "url": s.url("git/commits", p), "html_url": s.url("commit", p)})
	}
	return http.StatusOK, map[string]any{"sha": id, "node_id": "C", "url": s.url("git/commits", id), "html_url": s.url("commit", id),
		"author": person, "committer": person, "message": s.Git(nil, "show", "-s", "--format=%B", id),
		"tree":    map[string]any{"sha": tree, "url": s.url("git/trees", tree)},
		"parents": parents, "verification": map[string]any{"verified": true, "reason": "valid", "signature": nil, "payload": nil, "verified_at": nil}}, nil
}

func (s *Server) getTree(id string, recursive bool) (int, any, *problem) {
	args := []string{"ls-tree", "-z"}
	if recursive && !s.truncated {
		args = append(args, "-r", "-t")
	}
	out, err := s.git(nil, append(args, id)...)
	if err != nil {
		return 0, nil, &problem{http.StatusNotFound, "Not Found"}
	}
	entries := []any{}
	for _, line := range strings.Split(strings.TrimSuffix(out, "\x00"), "\x00") {
		head, name, ok := strings.Cut(line, "\t")
		if f := strings.Fields(head); ok {
			entries = append(entries, map[string]any{"path": name, "mode": f[0], "type": f[1], "sha": f[2]})
		}
	}
	return http.StatusOK, map[string]any{"sha": id, "url": s.url("git/trees", id), "tree": entries, "truncated": recursive && s.truncated}, nil
}

func (s *Server) getBlob(id string, _ map[string]any) (int, any, *problem) {
	cmd := exec.Command("git", "cat-file", "blob", id)
	cmd.Dir = s.Dir
	data, err := cmd.Output()
	if err != nil {
		return 0, nil, &problem{http.StatusNotFound, "Not Found"}
	}
	text := base64.StdEncoding.EncodeToString(data)
	for i := 60; i < len(text); i += 61 { // GitHub breaks the lines
		text = text[:i] + "\n" + text[i:]
	}
	return http.StatusOK, map[string]any{"sha": id, "node_id": "B", "size": len(data), "url": s.url("git/blobs", id), "encoding": "base64",
		"content": text}, nil
}

func (s *Server) createBlob(_ string, in map[string]any) (int, any, *problem) {
	data := []byte(text(in, "content"))
	if text(in, "encoding") == "base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(text(in, "content")); err != nil {
			return 0, nil, &problem{http.StatusUnprocessableEntity, "content is not valid Base64"}
		}
	}
	id := s.Git(data, "hash-object", "-w", "--stdin")
	return http.StatusCreated, map[string]any{"sha": id, "url": s.url("git/blobs", id)}, nil
}

func (s *Server) createTree(_ string, in map[string]any) (int, any, *problem) {
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(s.t.TempDir(), "index")}
	if base := text(in, "base_tree"); base != "" {
		if _, err := gitIn(s.Dir, nil, env, "read-tree", base); err != nil {
			return 0, nil, &problem{http.StatusUnprocessableEntity, "base_tree is not a valid tree oid"}
		}
	}
	list, _ := in["tree"].([]any)
	for _, x := range list {
		e, _ := x.(map[string]any)
		id := text(e, "sha")
		if content, ok := e["content"].(string); ok {
			id = s.Git([]byte(content), "hash-object", "-w", "--stdin")
		}
		if _, err := gitIn(s.Dir, nil, env, "update-index", "--add", "--cacheinfo", text(e, "mode")+","+id+","+text(e, "path")); err != nil {
			return 0, nil, &problem{http.StatusUnprocessableEntity, "tree.sha is not a valid blob"}
		}
	}
	id, err := gitIn(s.Dir, nil, env, "write-tree")
	if err != nil {
		return 0, nil, &problem{http.StatusUnprocessableEntity, err.Error()}
	}
	_, answer, bad := s.getTree(id, false)
	return http.StatusCreated, answer, bad
}

func (s *Server) createCommit(_ string, in map[string]any) (int, any, *problem) {
	if in["author"] != nil || in["committer"] != nil {
		s.t.Errorf("the commit names an author or committer, so GitHub does not sign it")
	}
	s.ids++ // commits of different runs differ, as they do by their dates
	env := []string{fmt.Sprintf("GIT_COMMITTER_DATE=%d +0000", 1767323045+s.ids)}
	args := []string{"commit-tree", text(in, "tree")}
	list, _ := in["parents"].([]any)
	for _, p := range list {
		args = append(args, "-p", fmt.Sprint(p))
	}
	id, err := gitIn(s.Dir, []byte(text(in, "message")), env, args...)
	if err != nil {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Tree SHA does not exist"}
	}
	_, answer, bad := s.getCommit(id, nil)
	return http.StatusCreated, answer, bad
}

func (s *Server) createRef(_ string, in map[string]any) (int, any, *problem) {
	name, id := text(in, "ref"), text(in, "sha")
	branch := strings.TrimPrefix(name, "refs/heads/")
	if s.head(branch) != "" {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Reference already exists"}
	}
	if _, err := s.git(nil, "update-ref", name, id); err != nil {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Object does not exist"}
	}
	return http.StatusCreated, s.ref(branch, id), nil
}

func (s *Server) updateRef(branch string, in map[string]any) (int, any, *problem) {
	old, id := s.head(branch), text(in, "sha")
	if old == "" {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Reference does not exist"}
	}
	if in["force"] != false {
		s.t.Errorf("the branch %s is moved by force", branch)
	}
	if _, err := s.git(nil, "merge-base", "--is-ancestor", old, id); err != nil {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Update is not a fast forward"}
	}
	s.Git(nil, "update-ref", "refs/heads/"+branch, id)
	return http.StatusOK, s.ref(branch, id), nil
}
