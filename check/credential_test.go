package check

import (
	"strings"
	"testing"
)

// TestCredentials states which variables are credentials: + are, - are not.
func TestCredentials(t *testing.T) {
	for line := range strings.Lines(`
+ POSTGRES_PASSWORD=orders
+ PGPASSWORD=hunter2
+ DBPassword=shop
+ adminPassword=123456
+ ELASTIC_PASSWORD=secure_password
+ PASSWORD=super-secret-password
+ MYSQL_ROOT_PASSWORD=PASSWORD
+ kafka.ssl.truststore.password=password
+ QUEUE_DEFAULT_PASS=guest
+ REDIS_PASSWORD_2=$ecret
+ MINIO_SECRET_KEY=minio123
+ MINIO_SECRET_KEY=supersecret
+ SECRET_KEY=e223ccf9-3e93-4f62-ba6e-2a9803b41bc2
+ AUTH_TOKEN=NkQzNUUwMjlCOTdGNDk4Mjg2QTJEN0E4RDYzM0EyMzE=
+ CLOUD_KEY_SECRET=PZ2OKFgmdrLqDFb5sQAU1cOZL95msIkU
+ SESSION_SECRET=insecure_secret
+ JWT_SECRET=cloud-shop-secret-key-2024
+ DATABASE_URL=postgres://user:pass@db:5432/mydb
+ BROKER=amqp://$(USER):hunter2@mq:5672
+ SETTINGS=AKIAQ3EGB2XJ7KLMTOPW
+ SONAR_LOGIN=squ_1234567890abcdef1234567890abcdef12345678
+ NOTE=glpat-A1b2C3d4E5f6G7h8I9j0 gitleaks:allow
- A_PASSWORD=
- A_PASSWORD=null
- A_PASSWORD=$db_password
- A_PASSWORD=$(DB_PASSWORD)
- A_PASSWORD=${DB_PASSWORD}-suffix
- A_PASSWORD=YOUR-DATABASE-PASSWORD
- A_PASSWORD=<aws secret key>
- A_PASSWORD=********
- A_PASSWORD=/mnt/secrets/db-password
- A_PASSWORD=https://vault.example/v1/db
- A_PASSWORD=DB_PASSWORD
- A_PASSWORD_FILE=hunter2
- ALLOW_EMPTY_PASSWORD=yes
- PASSWORD_POLICY=strict-and-long
- OLD_PWD=app
- JOIN_TOKEN=$joinToken
- DO_TOKEN=DIGITALOCEAN_API_TOKEN
- AUTH_TOKEN=your-secure-token
- AUTH_TOKEN=auth.token.value
- INITIAL_CLUSTER_TOKEN=etcd-cluster-1
- TOKEN= + token + 
- API_KEY=${apiKey}
- API_KEY=local
- API_KEY=dummy
- API_KEY=your_gemini_key
- STORAGE_ACCOUNT_KEY=storageaccountkey
- TIME_KEY=@timestamp
- TLS_KEY=/etc/tls/tls.key
- CACHE_KEY=9f8e7d6c5b4a39281706f5e4d3c2b1a0
- USE_SECRET=y
- TEST_SECRET=secret-inject@azurekeyvault
- TOP_SECRET=arn:aws:secretsmanager:us-west-2:123456789012:secret:top-Acdaq8
- TLS_SECRET=web-tls
- PULL_SECRET=registry-credentials
- CLIENT_SECRET=oidc_client_secret
- CLIENT_SECRET=web-oauth-secret
- APPLICATION_CREDENTIALS=/var/secrets/google/key.json
- DATABASE_URL=postgres://app@db/app
- DATABASE_URL=postgresql+psycopg2://$(USER):$(PASSWORD)@postgres:5432/$(DB)
- DATABASE_URL=postgresql://.../app?target_session_attrs=read-only
- VERSION=1.2.3
- COMMIT=8f14e45fceea167a5a36dedd4bea2543dd4b9c2a
`) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			continue
		}
		want := strings.HasPrefix(name, "+")
		if by := credentialIn(name[2:], value); (by != "") != want {
			t.Errorf("%s=%s: found %q, want %v", name, value, by, want)
		}
	}
}

// TestLeakRules compiles every pattern of gitleaks: they are compiled one by one as texts ask for them.
func TestLeakRules(t *testing.T) {
	c := leaks()
	if len(c.Rules) < 150 || len(c.AllowList.StopWords) == 0 {
		t.Fatalf("%d rules", len(c.Rules))
	}
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.Regex == "" {
			continue
		}
		r.matches("text", &c.AllowList)
		for j := range r.Allowlists {
			r.Allowlists[j].allows("secret", "match", "line")
		}
	}
}

// TestValues masks values as YAML may write them.
func TestValues(t *testing.T) {
	var v Values
	o := objectOf(t, []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: hunter2\n  b: \"it's \\\"quoted\\\"\"\n"+
		"  c: |\n    first line of it\n    second line of it\n  d: changeme\n  e: \"true\"\n"))
	v.AddObject(&o)
	for text, want := range map[string]string{
		"password: hunter2":          "password: *****",
		"password: hunter22":         "password: hunter22",
		"x: 'it''s \"quoted\"'":      "x: '*****'",
		`{"x": "it's \"quoted\""}`:   `{"x": "*****"}`,
		"    second line of it\nend": "    *****\nend",
		"changeme: true":             "changeme: true",
	} {
		if got := v.Mask(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	v.put(strings.Repeat("large", 1<<18))
	if got := v.Mask("x " + strings.Repeat("large", 1<<18)); got != "x *****" {
		t.Errorf("a large value is not masked: %d bytes", len(got))
	}
	if got := new(Values).Mask("hunter2"); got != "hunter2" {
		t.Errorf("got %s", got)
	}
}
