// A purchase from registering to delivery: go run . [TARGET]. The commands that make gen/go are in docs/clients.md.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	sansetv1 "example.com/app/gen/go/sanset/v1"
)

func main() {
	target := "localhost:50051"
	if len(os.Args) > 1 {
		target = os.Args[1]
	}
	connection, err := grpc.Dial(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	auth := sansetv1.NewAuthServiceClient(connection)
	cart := sansetv1.NewCartServiceClient(connection)
	orders := sansetv1.NewOrderServiceClient(connection)

	email, password := "walker-"+uuid()+"@example.com", "walk-the-shop-1"
	_, err = auth.Register(ctx, &sansetv1.RegisterRequest{FullName: "Walker", Email: email, Password: password})
	check(err)
	tokens, err := auth.Login(ctx, &sansetv1.LoginRequest{Email: email, Password: password})
	check(err)
	me := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+tokens.AccessToken)

	address := &sansetv1.Address{
		Line1: proto.String("1 Main Street"), City: proto.String("Springfield"), Country: proto.String("US"),
	}
	_, err = sansetv1.NewUserServiceClient(connection).CreateAddress(me, &sansetv1.CreateAddressRequest{Address: address})
	check(err)
	catalog := sansetv1.NewCatalogServiceClient(connection)
	page, err := catalog.ListProducts(ctx, &sansetv1.ListProductsRequest{PageSize: 1})
	check(err)
	product := page.Items[0]
	full, err := cart.AddItem(me, &sansetv1.AddItemRequest{ProductId: product.Id, Quantity: proto.Int32(2)})
	check(err)

	// One purchase is one request id, however often it is sent.
	purchase := &sansetv1.CheckoutRequest{
		PaymentMethod: sansetv1.Payment_CARD,
		RequestId:     uuid(),
		ExpectedTotal: full.Totals.Total,
	}
	first, err := orders.Checkout(me, purchase)
	check(err)
	again, err := orders.Checkout(me, purchase)
	check(err)
	fmt.Println("order", first.OrderId)
	fmt.Printf("the same again: %v, paid by %v\n", again.OrderId == first.OrderId, first.Order.Payment.Method)

	stream, err := orders.TrackOrder(me, &sansetv1.TrackOrderRequest{OrderId: first.OrderId})
	check(err)
	for ended := false; !ended; {
		message, err := stream.Recv()
		check(err)
		if event := message.GetEvent(); event != nil {
			fmt.Println("step", event.Sequence, event.Status)
		}
		if end := message.GetEnd(); end != nil {
			fmt.Println("end", end.Status)
			ended = true
		}
	}

	recommend := sansetv1.NewRecommendServiceClient(connection)
	_, err = recommend.GetRecommendations(me, &sansetv1.GetRecommendationsRequest{Limit: 3})
	check(err)
	_, err = cart.AddItem(me, &sansetv1.AddItemRequest{ProductId: product.Id, Quantity: proto.Int32(1000000)})
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			fmt.Println("refused", info.Reason)
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func uuid() string {
	b := make([]byte, 16)
	_, err := rand.Read(b)
	check(err)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
