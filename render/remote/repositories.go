package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/helmpath"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/syncgate/syncgate/render"
)

// knownRepository is a chart repository as `helm repo add` notes it (pkg/repo Entry).
type knownRepository struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	Username string `json:"username"`
	Password string `json:"password"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
	CAFile   string `json:"caFile"`
	Insecure bool   `json:"insecure_skip_tls_verify"`
	PassAll  bool   `json:"pass_credentials_all"`
}

// findRepository gives what helm knows of a repository: by its alias, or by its address, which need not be known.
func findRepository(ref string) (knownRepository, error) {
	list, err := readRepositories()
	if err != nil {
		return knownRepository{}, err
	}
	alias, isAlias := strings.CutPrefix(ref, "@")
	if !isAlias {
		alias, isAlias = strings.CutPrefix(ref, "alias:")
	}
	for _, k := range list {
		if isAlias && k.Name == alias {
			return k, nil
		}
		if !isAlias && strings.TrimSuffix(k.URL, "/") == strings.TrimSuffix(ref, "/") {
			return k, nil
		}
	}
	if isAlias {
		return knownRepository{}, &render.Error{Msg: fmt.Sprintf("helm knows no chart repository %q", alias),
			Hint: "run `helm repo add " + alias + " URL`, or write the repository's URL"}
	}
	return knownRepository{URL: ref}, nil
}

// readRepositories reads $HELM_REPOSITORY_CONFIG, or repositories.yaml in helm's configuration directory.
func readRepositories() ([]knownRepository, error) {
	file := os.Getenv("HELM_REPOSITORY_CONFIG")
	if file == "" {
		file = helmpath.ConfigPath("repositories.yaml")
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var conf struct {
		Repositories []knownRepository `json:"repositories"`
	}
	if err == nil && sigsyaml.Unmarshal(data, &conf) != nil {
		err = errors.New("it is not YAML") // and may hold passwords
	}
	if err != nil {
		return nil, fmt.Errorf("reading helm's list of repositories: %w", err)
	}
	return conf.Repositories, nil
}

// login is what to identify oneself with at an address: only at the repository's own host, unless helm was told to pass
// credentials everywhere.
func (k knownRepository) login(at *url.URL) (user, password string) {
	own, err := url.Parse(k.URL)
	if err != nil || !k.PassAll && (own.Scheme != at.Scheme || addressOf(own) != addressOf(at)) {
		return "", ""
	}
	if k.Username == "" && k.Password == "" && own.User != nil {
		password, _ = own.User.Password()
		return own.User.Username(), password
	}
	return k.Username, k.Password
}
