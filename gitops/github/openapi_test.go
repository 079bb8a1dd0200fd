//go:build openapi

package github_test

import (
	"testing"

	"github.com/syncgate/syncgate/gitops/github/githubtest"
	"github.com/syncgate/syncgate/gitops/github/githubtest/openapi"
)

// With the build tag openapi, every exchange of every test here is validated against GitHub's own OpenAPI description:
//
//	npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
//	SYNCGATE_OPENAPI=$PWD/package/generated/api.github.com.json go test -tags openapi ./gitops/github
func init() { githubtest.Observe = openapi.Observe }

// TestDescriptionRefuses shows that the validation is one.
func TestDescriptionRefuses(t *testing.T) {
	d, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	for body, good := range map[string]bool{`{"message": "m", "tree": "t"}`: true, `{"message": "m"}`: false, `{"message": 1, "tree": "t"}`: false} {
		err := d.Check(&githubtest.Exchange{Method: "POST", Path: "/repos/a/b/git/commits", Request: []byte(body), Faulty: true})
		if (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
	for body, good := range map[string]bool{`{"sha": "1", "node_id": "B", "size": 1, "url": "u", "encoding": "base64", "content": ""}`: true, `{"sha": 1}`: false} {
		err := d.Check(&githubtest.Exchange{Method: "GET", Path: "/repos/a/b/git/blobs/1", Status: 200, Reply: []byte(body)})
		if (err == nil) != good {
			t.Errorf("%s: %v", body, err)
		}
	}
}
