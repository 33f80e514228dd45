using Polymath.Evaluation;

namespace Polymath.Vision;

/// <summary>
/// Small grey images of ten shapes, each at a random place, turned and scaled at random, filled or drawn with a pen of random width, light
/// on dark or dark on light, under noise. Made from a seed alone: no sine and no other function whose last digit differs between platforms
/// is used, so the same seed gives the same bytes everywhere.
/// </summary>
public sealed class ShapeImages
{
    private ShapeImages(int size, byte[] pixels, int[] labels) => (Size, Pixels, Labels) = (size, pixels, labels);

    /// <summary>The names of the classes by label.</summary>
    public static IReadOnlyList<string> ClassNames { get; } = [.. Shape.All.Select(shape => shape.Name)];

    /// <summary>The number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>Height and width of an image in pixels.</summary>
    public int Size { get; }

    /// <summary>Grey values, 0 black to 255 white, [count, size, size], row-major.</summary>
    public byte[] Pixels { get; }

    /// <summary>The class of each image, [count].</summary>
    public int[] Labels { get; }

    /// <summary>Makes images in random order of classes, as many of each class as of any other, or one more where the count is no multiple of ten.</summary>
    /// <param name="count">The number of images, at least 1.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="size">Height and width in pixels, 8 to 1024.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static ShapeImages Create(int count, int seed, int size = 32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1024);
        var random = new SeededRandom(unchecked((ulong)seed));
        int[] labels = [.. Enumerable.Range(0, count).Select(i => i % Shape.All.Count)];
        random.Shuffle<int>(labels);
        var pixels = new byte[checked(count * size * size)];
        for (var i = 0; i < count; i++) Draw(Shape.All[labels[i]], new SeededRandom(random.NextBits()), size, pixels.AsSpan(i * size * size, size * size));
        return new ShapeImages(size, pixels, labels);
    }

    /// <summary>The pixels of one image, [size, size].</summary>
    public ReadOnlySpan<byte> Image(int index) => Pixels.AsSpan(index * Size * Size, Size * Size);

    private static void Draw(Shape shape, SeededRandom random, int size, Span<byte> pixels)
    {
        var radius = size * Between(random, 0.22, 0.44);
        double x = Between(random, radius, size - radius), y = Between(random, radius, size - radius);
        var (cosine, sine) = Direction(random);
        var filled = random.NextDouble() < 0.5;
        var pen = size / 32.0 * Between(random, 0.6, 1.2) * (filled && !shape.IsClosed ? 1.6 : 1);
        double dark = Between(random, 0, 0.35), light = Between(random, 0.65, 1), noise = Between(random, 0, 0.35);
        var (paper, ink) = random.NextDouble() < 0.5 ? (dark, light) : (light, dark);
        var reach = radius + pen + 1;
        for (var row = 0; row < size; row++)
            for (var column = 0; column < size; column++)
            {
                // The pixel's centre in the shape's own coordinates, in which the shape has radius 1.
                double right = column + 0.5 - x, down = row + 0.5 - y;
                var covered = 0.0;
                if (right * right + down * down < reach * reach)
                {
                    var distance = radius * shape.Distance((cosine * right + sine * down) / radius, (cosine * down - sine * right) / radius);
                    // Half a pixel on either side of the edge is covered in part.
                    covered = Math.Clamp(0.5 - (filled && shape.IsClosed ? distance : Math.Abs(distance) - pen), 0, 1);
                }
                // Three uniform numbers: near enough to a normal one, and the same everywhere.
                var grain = noise * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
                pixels[row * size + column] = (byte)(255 * Math.Clamp(paper + covered * (ink - paper) + grain, 0, 1) + 0.5);
            }
    }

    private static double Between(SeededRandom random, double low, double high) => low + (high - low) * random.NextDouble();

    /// <summary>A direction, all equally likely: a point in the unit disc, moved to its edge.</summary>
    private static (double Cosine, double Sine) Direction(SeededRandom random)
    {
        while (true)
        {
            double x = Between(random, -1, 1), y = Between(random, -1, 1), squared = x * x + y * y;
            if (squared is < 1e-4 or > 1) continue;
            var length = Math.Sqrt(squared);
            return (x / length, y / length);
        }
    }
}
