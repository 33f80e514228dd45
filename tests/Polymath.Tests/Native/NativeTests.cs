using Polymath.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Polymath.Tests;

/// <summary>One test for each native trick: it fails when the trick stops working.</summary>
public class NativeTests
{
    private static bool HasFusedOperators => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 && !OperatingSystem.IsMacOS();

    [Fact]
    public void Version_needs_of_a_newer_libstdcxx_are_weakened_and_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "an ELF file is looked at");
        var file = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        var image = File.ReadAllBytes(file);
        var before = (byte[])image.Clone();
        var marked = TorchLoader.Weaken(image);
        Assert.InRange(marked, 1, 3);
        Assert.Equal(marked, before.Zip(image).Count(pair => pair.First != pair.Second)); // one flag byte each
        Assert.Equal(0, TorchLoader.Weaken(new byte[200]));
        Assert.Equal(before, File.ReadAllBytes(file));
    }

    [Fact]
    public void Torch_loads_and_computes() => Assert.Equal(6f, tensor(new[] { 1f, 2f, 3f }).sum().item<float>());

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 2e-2)]
    public void Fused_linear_layers_equal_plain_ones(ScalarType type, double tolerance)
    {
        Assert.Equal(HasFusedOperators, FusedLinear.IsAvailable);
        Assert.SkipUnless(FusedLinear.IsAvailable, "this platform's libtorch has no fused operators; plain ones are used");
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        random.manual_seed(1);
        Tensor w = randn(48, 32) * 0.2, b = randn(48);
        foreach (var rows in new[] { 1, 7, 300 })
        {
            Tensor x = randn(rows, 32), residual = randn(rows, 48);
            using var fused = FusedLinear.Pack(w.to(type), b.to(type))!;
            void Same(Tensor expected, Tensor found) =>
                Assert.InRange((found.to(ScalarType.Float32) - expected).abs().max().item<float>() / expected.abs().max().item<float>(), 0, tolerance);
            var plain = nn.functional.linear(x, w, b);
            foreach (var activation in Enum.GetValues<Activation>()) Same(Activations.Apply(plain, activation), fused.Forward(x.to(type), activation));
            Same(plain + residual, fused.ForwardAdd(x.to(type), residual.to(type)));
        }
    }

    [Fact]
    public void Fused_optimizer_equals_the_plain_one()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor start = randn(5, 4), b = start.clone(), x = randn(8, 5);
        var a = nn.Parameter(start.clone());
        b.requires_grad_();
        using var plain = optim.AdamW([a], lr: 0.01, weight_decay: 0.1);
        using var fused = new FusedAdamW([b]);
        for (var step = 0; step < 10; step++)
        {
            foreach (var (w, advance) in new (Tensor, Action)[] { (a, () => plain.step()), (b, () => fused.Step(0.01, weightDecay: 0.1)) })
            {
                if (w.grad is { } old) old.zero_();
                x.mm(w).pow(3).sum().backward();
                advance();
            }
        }
        Assert.InRange((a - b).abs().max().item<float>(), 0, 1e-5);
        Assert.Equal(3, fused.State.Count);
    }

    [Fact]
    public void Mixed_precision_reaches_matrix_products_and_ends_with_its_scope()
    {
        Assert.SkipUnless(Autocast.IsAvailable, "this build of libtorch does not export autocast; float32 is used");
        using var scope = NewDisposeScope();
        Tensor x = randn(4, 8), w = randn(3, 8);
        using (Autocast.Enter(Precision.BFloat16)) Assert.Equal(ScalarType.BFloat16, nn.functional.linear(x, w).dtype);
        Assert.Equal(ScalarType.Float32, nn.functional.linear(x, w).dtype);
        Assert.Null(Autocast.Enter(Precision.Float32));
    }

    [Fact]
    public void Mixed_precision_belongs_to_one_thread()
    {
        Assert.SkipUnless(Autocast.IsAvailable, "this build of libtorch does not export autocast; float32 is used");
        using var entered = Autocast.Enter(Precision.BFloat16)!;
        Exception? refused = null;
        OnAnotherThread(() => refused = Record.Exception(entered.Dispose));
        Assert.IsType<InvalidOperationException>(refused);
        var elsewhere = ScalarType.BFloat16;
        OnAnotherThread(() => { using var x = randn(2, 2); using var y = nn.functional.linear(x, x); elsewhere = y.dtype; });
        Assert.Equal(ScalarType.Float32, elsewhere);
    }

    [Fact]
    public void Automatic_precision_is_bf16_only_where_it_is_there_and_faster()
    {
        Assert.Equal(Precision.Float32, Precisions.Resolve(Precision.Float32));
        Assert.Equal(Precision.BFloat16, Precisions.Resolve(Precision.BFloat16));
        var automatic = Precisions.Resolve(Precision.Auto);
        Assert.Equal(Precisions.BFloat16Speed > 1.2 ? Precision.BFloat16 : Precision.Float32, automatic);
        if (!Processor.HasBf16) Assert.Equal(Precision.Float32, automatic);
    }

    [Fact]
    public void Waiting_threads_sleep_unless_the_user_says_otherwise()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the C environment is read from /proc");
        Assert.True(ThreadSettings.Threads >= 1);
        // the managed view is a copy made at start, so the C library is asked
        Assert.Contains(Marshalled("OMP_WAIT_POLICY"), new[] { "passive", "PASSIVE", "active" });
    }

    private static void OnAnotherThread(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }

    private static string? Marshalled(string name) => System.Runtime.InteropServices.Marshal.PtrToStringUTF8(GetEnv(name));

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "getenv"), System.Runtime.InteropServices.DefaultDllImportSearchPaths(System.Runtime.InteropServices.DllImportSearchPath.SafeDirectories)]
    private static extern nint GetEnv([System.Runtime.InteropServices.MarshalAs(System.Runtime.InteropServices.UnmanagedType.LPUTF8Str)] string name);
}
