package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Pull is a pull request.
type Pull struct {
	Number        int
	Title, Body   string
	Head, Base    string
	State         string // open or closed
	Merged, Draft bool
	Labels        []string
	Comments      []string
}

// Pulls are copies of all pull requests, the oldest first.
func (s *Server) Pulls() []Pull {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Pull
	for _, p := range s.pulls {
		out = append(out, *p)
	}
	return out
}

// Edit changes a pull request, as a person would in the browser.
func (s *Server) Edit(number int, f func(*Pull)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.pulls[number-1])
}

func (s *Server) listPulls(q url.Values) (int, any, *problem) {
	out := []any{}
	for i := len(s.pulls) - 1; i >= 0; i-- { // sort=created, direction=desc
		p := s.pulls[i]
		owner, _, _ := strings.Cut(Repository, "/")
		if q.Get("head") == owner+":"+p.Head && q.Get("base") == p.Base && (q.Get("state") == "all" || q.Get("state") == p.State) {
			out = append(out, s.simple(p))
		}
	}
	return http.StatusOK, out, nil
}

func (s *Server) createPull(_ string, in map[string]any) (int, any, *problem) {
	p := &Pull{Number: len(s.pulls) + 1, Title: text(in, "title"), Body: text(in, "body"), Head: text(in, "head"), Base: text(in, "base"),
		State: "open", Draft: in["draft"] == true}
	for _, other := range s.pulls {
		if other.State == "open" && other.Head == p.Head && other.Base == p.Base {
			return 0, nil, &problem{http.StatusUnprocessableEntity, "Validation Failed: A pull request already exists for " + Repository + ":" + p.Head + "."}
		}
	}
	if s.head(p.Head) == "" || s.head(p.Base) == "" {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Validation Failed: head is invalid"}
	}
	if s.Git(nil, "rev-list", "--count", s.head(p.Base)+".."+s.head(p.Head)) == "0" {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Validation Failed: No commits between " + p.Base + " and " + p.Head}
	}
	s.pulls = append(s.pulls, p)
	return http.StatusCreated, s.full(p), nil
}

func (s *Server) pull(number string) (*Pull, *problem) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.pulls) {
		return nil, &problem{http.StatusNotFound, "Not Found"}
	}
	return s.pulls[n-1], nil
}

func (s *Server) editPull(arg string, in map[string]any) (int, any, *problem) {
	p, bad := s.pull(arg)
	if bad != nil {
		return 0, nil, bad
	}
	if v, ok := in["title"].(string); ok {
		p.Title = v
	}
	if v, ok := in["body"].(string); ok {
		p.Body = v
	}
	return http.StatusOK, s.full(p), nil
}

// pageSize is how many comments a page holds: few, so that tests see several pages.
const pageSize = 2

// listComments answers one page; the link to the next one is left for ServeHTTP to send.
func (s *Server) listComments(arg string, q url.Values) (int, any, *problem) {
	p, bad := s.pull(strings.TrimSuffix(arg, "/comments"))
	if bad != nil {
		return 0, nil, bad
	}
	page, err := strconv.Atoi(q.Get("page"))
	if err != nil {
		page = 1
	}
	out := []any{}
	for i, c := range p.Comments {
		if i/pageSize == page-1 {
			out = append(out, s.comment(p, i, c))
		}
	}
	if page*pageSize < len(p.Comments) {
		s.link = fmt.Sprintf(`<%s?page=%d>; rel="next"`, s.url("issues", arg), page+1)
	}
	return http.StatusOK, out, nil
}

func (s *Server) postIssue(arg string, in map[string]any, data []byte) (int, any, *problem) {
	number, what, _ := strings.Cut(arg, "/")
	p, bad := s.pull(number)
	if bad != nil {
		return 0, nil, bad
	}
	if what == "comments" {
		p.Comments = append(p.Comments, text(in, "body"))
		return http.StatusCreated, s.comment(p, len(p.Comments)-1, text(in, "body")), nil
	}
	var names []string
	if err := json.Unmarshal(data, &names); what != "labels" || err != nil {
		return 0, nil, &problem{http.StatusUnprocessableEntity, "Validation Failed"}
	}
	for _, n := range names {
		if !strings.Contains("\n"+strings.Join(p.Labels, "\n")+"\n", "\n"+n+"\n") {
			p.Labels = append(p.Labels, n)
		}
	}
	return http.StatusOK, labels(s, p), nil
}

func (s *Server) comment(p *Pull, i int, body string) map[string]any {
	id := strconv.Itoa(p.Number*100 + i)
	return map[string]any{"id": p.Number*100 + i, "node_id": "IC", "url": s.url("issues/comments", id), "html_url": s.url("pull", id),
		"issue_url": s.url("issues", strconv.Itoa(p.Number)), "user": user(), "created_at": when, "updated_at": when, "body": body,
		"author_association": "NONE"}
}

func labels(s *Server, p *Pull) []any {
	out := []any{}
	for i, l := range p.Labels {
		out = append(out, map[string]any{"id": i + 1, "node_id": "L", "url": s.url("labels", url.PathEscape(l)), "name": l,
			"description": "", "color": "ededed", "default": false})
	}
	return out
}

// simple is a pull request as lists show it.
func (s *Server) simple(p *Pull) map[string]any {
	n := strconv.Itoa(p.Number)
	links := map[string]any{}
	for _, l := range strings.Fields("comments commits statuses html issue review_comments review_comment self") {
		links[l] = map[string]any{"href": s.url("pulls", n, l)}
	}
	out := map[string]any{"id": p.Number, "node_id": "PR", "number": p.Number, "state": p.State, "locked": false, "title": p.Title,
		"body": p.Body, "user": user(), "draft": p.Draft, "labels": labels(s, p), "assignee": nil, "milestone": nil, "_links": links,
		"author_association": "NONE", "auto_merge": nil, "created_at": when, "updated_at": when, "closed_at": nil, "merged_at": nil,
		"merge_commit_sha": nil, "head": s.side(p.Head), "base": s.side(p.Base)}
	for _, k := range strings.Fields("url html_url diff_url patch_url issue_url commits_url review_comments_url review_comment_url comments_url statuses_url") {
		out[k] = s.url("pulls", n, k)
	}
	if p.State == "closed" {
		out["closed_at"] = when
	}
	if p.Merged {
		out["merged_at"] = when
	}
	return out
}

// full is a pull request as it is shown alone.
func (s *Server) full(p *Pull) map[string]any {
	out := s.simple(p)
	for _, k := range strings.Fields("additions changed_files comments commits deletions review_comments") {
		out[k] = 1
	}
	out["mergeable"], out["mergeable_state"], out["merged"], out["maintainer_can_modify"], out["merged_by"] = nil, "unknown", p.Merged, false, nil
	return out
}

func (s *Server) side(branch string) map[string]any {
	return map[string]any{"label": fmt.Sprintf("acme:%s", branch), "ref": branch, "sha": s.head(branch), "user": user(), "repo": s.repository()}
}

const when = "2026-01-02T03:04:05Z"

func user() map[string]any {
	out := map[string]any{"login": "acme", "id": 1, "node_id": "U", "gravatar_id": "", "site_admin": false, "type": "User"}
	for _, k := range strings.Fields("avatar_url events_url followers_url following_url gists_url html_url organizations_url received_events_url " +
		"repos_url starred_url subscriptions_url url") {
		out[k] = "https://github.example.com/acme/" + k
	}
	return out
}

func (s *Server) repository() map[string]any {
	out := map[string]any{"id": 1, "node_id": "R", "name": "shop", "full_name": Repository, "owner": user(), "private": false, "fork": false,
		"description": nil, "default_branch": "main", "homepage": nil, "language": nil, "archived": false, "disabled": false, "mirror_url": nil,
		"license": nil, "pushed_at": when, "created_at": when, "updated_at": when, "visibility": "public"}
	for _, k := range strings.Fields("archive_url assignees_url blobs_url branches_url collaborators_url comments_url commits_url compare_url " +
		"contents_url contributors_url deployments_url downloads_url events_url forks_url git_commits_url git_refs_url git_tags_url hooks_url " +
		"html_url issue_comment_url issue_events_url issues_url keys_url labels_url languages_url merges_url milestones_url notifications_url " +
		"pulls_url releases_url stargazers_url statuses_url subscribers_url subscription_url tags_url teams_url trees_url url clone_url git_url " +
		"ssh_url svn_url") {
		out[k] = s.url(k)
	}
	for _, k := range strings.Fields("forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count subscribers_count") {
		out[k] = 0
	}
	for _, k := range strings.Fields("has_downloads has_issues has_projects has_wiki has_pages has_discussions") {
		out[k] = false
	}
	return out
}
