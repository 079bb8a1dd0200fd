//go:build !unix

package render

import "os"

const readOnly = os.O_RDONLY
