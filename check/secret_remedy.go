package check

// The targets of SecretRemedy.
const (
	ToSealed   = "sealed"
	ToExternal = "external"
)

// SecretRemedy says what becomes of values that must not be in git. The zero value leaves them to a person.
type SecretRemedy struct {
	To    string // ToSealed or ToExternal
	Cert  string // for ToSealed: the file with the controller's certificate, relative to the repository's root
	Store Store  // for ToExternal: where the values are
	// InStore says that the store holds the values already, under Store.Key: without it nothing is taken out of git.
	InStore bool
}

// Store is an external-secrets store, and where a Secret's values are in it.
type Store struct {
	Name, Kind string // Kind is SecretStore or ClusterSecretStore
	Key        string // of a Secret in the store, with {namespace} and {name}; its keys are properties there
}

const (
	rotate = "rotate the value: git's history keeps what was committed"

	adviceNone = rotate + ". Then keep it out of git: with fix.secrets in the config, syncgate fix makes a SealedSecret or an " +
		"ExternalSecret of it"
	adviceChart = rotate + ". A chart makes this of its values: give it the name of a Secret that is made elsewhere (many charts " +
		"have a value such as existingSecret), and take the value out of the values files"
	adviceGenerator = rotate + ". A generator gives its name a hash, which whatever replaces it has not: take the entry out of the " +
		"generator, and add a SealedSecret or an ExternalSecret with the plain name to resources"
	adviceRemote = rotate + ". It comes from outside the repository: mend it there"
	adviceSealed = rotate + ". The cluster needs the Sealed Secrets controller that the certificate is of; a Secret that is there " +
		"already is taken over only with the annotation sealedsecrets.bitnami.com/managed: \"true\" on it"
	adviceExternal = rotate + ". The cluster needs the External Secrets Operator and the store; check that the ExternalSecret " +
		"becomes Ready before the old Secret is pruned"
	adviceEnvExternal = rotate + ". Put it into the store, and take it from there with an ExternalSecret and a secretKeyRef"
	adviceInStore     = rotate + ". Put the values into the store first, then run syncgate fix --values-already-in-store"
)

// remedySecret says what becomes of a finding of secret/*: what it wants, or why a person has to do it.
func (p *Pass) remedySecret(f *Finding) {
	o, r := p.Object, &p.Remedies.Secrets
	env := p.Rule.ID == "secret/env"
	switch {
	case f.Advice != "":
	case o.File == "":
		f.Advice = adviceRemote
	case o.Template:
		f.Advice = adviceChart
	case o.Generated:
		f.Advice = adviceGenerator
	case r.To == ToExternal && env:
		f.Advice = adviceEnvExternal
	case r.To == ToExternal && !r.InStore:
		f.Advice = adviceInStore
	case r.To == ToExternal:
		f.Safety, f.Advice, f.Want = FixReview, adviceExternal, []Want{Replace{Kind: "ExternalSecret"}}
	case r.To == ToSealed && env:
		f.Safety, f.Advice = FixReview, adviceSealed
		f.Want = []Want{Refer{Path: f.Path[:len(f.Path)-1], Variable: f.member}}
	case r.To == ToSealed:
		f.Safety, f.Advice, f.Want = FixReview, adviceSealed, []Want{Replace{Kind: "SealedSecret"}}
	default:
		f.Advice = adviceNone
	}
}
