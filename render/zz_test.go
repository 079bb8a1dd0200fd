package render
import ("testing";"fmt";"encoding/json";"os";"reflect"; sigsyaml "sigs.k8s.io/yaml")
func TestZZ(t *testing.T){
 tree,_:=OpenTree(os.Getenv("ZR"))
 r:=Render(tree,Source{Path:os.Getenv("ZD"),Kind:KindKustomize},Options{Text:true})
 fmt.Println(r.Err)
 for _,o:=range r.Objects {
  raw,_:=sigsyaml.YAMLToJSON([]byte(o.Text)); var a,b any
  json.Unmarshal(raw,&a); json.Unmarshal(o.JSON,&b)
  if !reflect.DeepEqual(a,b){ diff(a,b,"") }
 }
}
func diff(a,b any,p string){
 switch x:=a.(type){
 case map[string]any: y,ok:=b.(map[string]any); if ok {for k:=range x{diff(x[k],y[k],p+"."+k)};return}
 case []any: y,ok:=b.([]any); if ok&&len(x)==len(y){for i:=range x{diff(x[i],y[i],fmt.Sprint(p,"[",i,"]"))};return}
 }
 if !reflect.DeepEqual(a,b){fmt.Printf("%s\n want %q\n got  %q\n",p,a,b)}
}
