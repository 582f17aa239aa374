import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.sanset.v1.AddItemRequest;
import dev.sanset.v1.Address;
import dev.sanset.v1.AuthServiceGrpc;
import dev.sanset.v1.Cart;
import dev.sanset.v1.CartServiceGrpc;
import dev.sanset.v1.CatalogServiceGrpc;
import dev.sanset.v1.CheckoutRequest;
import dev.sanset.v1.CheckoutResponse;
import dev.sanset.v1.CreateAddressRequest;
import dev.sanset.v1.GetRecommendationsRequest;
import dev.sanset.v1.ListProductsRequest;
import dev.sanset.v1.LoginRequest;
import dev.sanset.v1.OrderServiceGrpc;
import dev.sanset.v1.Payment;
import dev.sanset.v1.Product;
import dev.sanset.v1.RecommendServiceGrpc;
import dev.sanset.v1.RegisterRequest;
import dev.sanset.v1.Tokens;
import dev.sanset.v1.TrackOrderRequest;
import dev.sanset.v1.TrackOrderResponse;
import dev.sanset.v1.UserServiceGrpc;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.util.Iterator;
import java.util.UUID;

/** A purchase from registering to delivery. The commands that make gen/ are in docs/clients.md. */
public class Walk {
  public static void main(String[] arguments) throws Exception {
    String target = arguments.length > 0 ? arguments[0] : "localhost:50051";
    ManagedChannel channel = ManagedChannelBuilder.forTarget(target).usePlaintext().build();
    try {
      walk(channel);
    } finally {
      channel.shutdownNow();
    }
  }

  private static void walk(ManagedChannel channel) throws Exception {
    var auth = AuthServiceGrpc.newBlockingStub(channel);
    String email = "walker-" + UUID.randomUUID() + "@example.com";
    String password = "walk-the-shop-1";
    auth.register(
        RegisterRequest.newBuilder().setFullName("Walker").setEmail(email).setPassword(password).build());
    Tokens tokens = auth.login(LoginRequest.newBuilder().setEmail(email).setPassword(password).build());
    ClientInterceptor me = bearer(tokens.getAccessToken());
    var users = UserServiceGrpc.newBlockingStub(channel).withInterceptors(me);
    var cart = CartServiceGrpc.newBlockingStub(channel).withInterceptors(me);
    var orders = OrderServiceGrpc.newBlockingStub(channel).withInterceptors(me);
    var recommend = RecommendServiceGrpc.newBlockingStub(channel).withInterceptors(me);

    Address address = Address.newBuilder().setLine1("1 Main Street").setCity("Springfield").setCountry("US").build();
    users.createAddress(CreateAddressRequest.newBuilder().setAddress(address).build());
    Product product =
        CatalogServiceGrpc.newBlockingStub(channel)
            .listProducts(ListProductsRequest.newBuilder().setPageSize(1).build())
            .getItems(0);
    Cart full = cart.addItem(AddItemRequest.newBuilder().setProductId(product.getId()).setQuantity(2).build());

    // One purchase is one request id, however often it is sent.
    CheckoutRequest purchase =
        CheckoutRequest.newBuilder()
            .setPaymentMethod(Payment.Method.CARD)
            .setRequestId(UUID.randomUUID().toString())
            .setExpectedTotal(full.getTotals().getTotal())
            .build();
    CheckoutResponse first = orders.checkout(purchase);
    CheckoutResponse again = orders.checkout(purchase);
    System.out.println("order " + first.getOrderId());
    System.out.printf(
        "the same again: %s, paid by %s%n",
        again.getOrderId() == first.getOrderId(), first.getOrder().getPayment().getMethod());

    Iterator<TrackOrderResponse> steps =
        orders.trackOrder(TrackOrderRequest.newBuilder().setOrderId(first.getOrderId()).build());
    while (steps.hasNext()) {
      TrackOrderResponse message = steps.next();
      if (message.hasEvent()) {
        System.out.println("step " + message.getEvent().getSequence() + " " + message.getEvent().getStatus());
      } else if (message.hasEnd()) {
        System.out.println("end " + message.getEnd().getStatus());
      }
    }

    recommend.getRecommendations(GetRecommendationsRequest.newBuilder().setLimit(3).build());
    try {
      cart.addItem(AddItemRequest.newBuilder().setProductId(product.getId()).setQuantity(1_000_000).build());
    } catch (StatusRuntimeException refusal) {
      for (Any detail : StatusProto.fromThrowable(refusal).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          System.out.println("refused " + detail.unpack(ErrorInfo.class).getReason());
        }
      }
    }
  }

  private static ClientInterceptor bearer(String token) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }
}
