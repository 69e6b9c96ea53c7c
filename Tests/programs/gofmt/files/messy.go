package main
import ("fmt";"os"
"strings")

type   point struct{ x,y int // coordinates
  name string `json:"name"`}

func add(a int,b int)int{return a+b}

func (p  *point) String()string{
 return fmt.Sprintf( "%d,%d" ,p.x,p.y )
}

func main( ){
 points:=[]point{point{1,2,"a"},point{3,4,"b"},}
 for i:=range points[0:len(points)]{
 p:=&points[i];if p.x>1&&p.y<10||add(p.x,p.y)==3{fmt.Println(strings.ToUpper(p.name),p)}
 }
 switch x:=add(1,2)*3;{
 case x>3:os.Exit(0)
 default:
 goto end
 }
end:
 var m=map[string][]int{"a":[]int{1,2},"long key":{3}}
 _=m
}
