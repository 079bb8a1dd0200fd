package render

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"helm.sh/helm/v3/pkg/chart"
)

// checkSchemas validates values against the values.schema.json of a chart and its subcharts, as helm does
// (pkg/chartutil/jsonschema.go ValidateAgainstSchema), except that a schema can refer to nothing outside itself: helm
// would fetch it from any URL or file.
func (c *loadedChart) checkSchemas(vals map[string]any) error {
	return c.checkSchema(c.Chart, vals)
}

func (c *loadedChart) checkSchema(ch *chart.Chart, vals map[string]any) error {
	if ch.Schema != nil {
		if err := validateSchema(ch.Schema, vals); err != nil {
			at := c.fileOf(ch, "values.schema.json")
			return &Error{File: at.path, Msg: schemaMessage(ch.Name(), err), Hint: schemaHint(err)}
		}
	}
	for _, sub := range ch.Dependencies() {
		raw := vals[sub.Name()]
		if raw == nil {
			continue
		}
		inner, ok := raw.(map[string]any)
		if !ok {
			return &Error{File: c.path, Msg: fmt.Sprintf("%s: invalid type for values: expected object (map), got %T", sub.Name(), raw),
				Hint: "the values of a subchart are a mapping under its name"}
		}
		if err := c.checkSchema(sub, inner); err != nil {
			return err
		}
	}
	return nil
}

// schemaURL is what helm calls a chart's schema.
const schemaURL = "file:///values.schema.json"

func validateSchema(schema []byte, vals map[string]any) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(closedLoader{})
	if err := compiler.AddResource(schemaURL, doc); err != nil {
		return err
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return err
	}
	if vals == nil {
		vals = map[string]any{}
	}
	return compiled.Validate(vals)
}

// closedLoader loads nothing. Helm takes any values for a urn: reference that nobody resolves.
type closedLoader struct{}

var errClosed = errors.New("a schema may refer to itself only")

func (closedLoader) Load(ref string) (any, error) {
	if u, err := url.Parse(ref); err == nil && u.Scheme == "urn" {
		return true, nil
	}
	return nil, errClosed
}

func schemaHint(err error) string {
	var invalid *jsonschema.ValidationError
	switch {
	case errors.As(err, &invalid):
		return "change the values this source sets, or the chart's schema"
	case errors.Is(err, errClosed):
		return "copy what the $ref refers to into the schema (under $defs), or skip schema validation for this source"
	}
	return "helm cannot read this schema"
}

// schemaMessage lists what is wrong with the values, without the values.
func schemaMessage(chartName string, err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	hideValues(invalid)
	lines := strings.Split(invalid.LocalizedError(message.NewPrinter(language.English)), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(lines[i]), "- ")
	}
	if len(lines) > 1 && strings.HasPrefix(lines[0], "jsonschema validation failed") {
		lines = lines[1:]
	}
	return fmt.Sprintf("values don't meet the schema of chart %s: %s", chartName, strings.Join(lines, "; "))
}

// hideValues takes the values out of those errors that quote them: they may be secrets. It also puts names in order.
func hideValues(e *jsonschema.ValidationError) {
	sort.SliceStable(e.Causes, func(i, j int) bool {
		return slices.Compare(e.Causes[i].InstanceLocation, e.Causes[j].InstanceLocation) < 0
	})
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		sort.Strings(k.Properties)
	case *kind.Pattern:
		k.Got = "***"
	case *kind.Format:
		k.Got = "***"
		k.Err = errors.New("see the format")
	}
	for _, c := range e.Causes {
		hideValues(c)
	}
}
